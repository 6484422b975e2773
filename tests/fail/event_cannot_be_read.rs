// Only the anonymize room looks inside an event.
fn main() {
    let event = headcount_vault::AccessEvent::at(0, 200);
    drop(event.address.len());
}
