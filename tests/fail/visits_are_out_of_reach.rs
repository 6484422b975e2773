// Nor a visit, with its tags.
fn query(_: &headcount::vault::anonymize::Visit) {}
fn main() {}
