// An event lives once: it cannot be kept aside.
fn main() {
    let event = headcount_vault::AccessEvent::at(0, 200);
    let kept = event.clone();
    drop((event, kept));
}
