// Nor a key.
fn query(_: &headcount::vault::keys::KeyRing) {}
fn main() {}
