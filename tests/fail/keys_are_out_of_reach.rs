// Nor a key.
fn query(_: &headcount_vault::keys::KeyRing) {}
fn main() {}
