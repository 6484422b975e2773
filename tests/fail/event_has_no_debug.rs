// A log line cannot format an event.
fn main() {
    let event = headcount_vault::AccessEvent::at(0, 200);
    println!("{event:?}");
}
