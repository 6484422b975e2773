// An event cannot be written anywhere.
fn store(_: impl serde::Serialize) {}
fn main() {
    store(headcount_vault::AccessEvent::at(0, 200));
}
