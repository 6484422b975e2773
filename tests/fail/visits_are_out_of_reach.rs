// Nor a visit, with its tags.
fn query(_: &headcount_vault::anonymize::Visit) {}
fn main() {}
