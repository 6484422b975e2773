// A query cannot name an open cell.
fn query(_: &headcount_vault::cells::Cells) {}
fn main() {}
