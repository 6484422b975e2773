// A query cannot name an open cell.
fn query(_: &headcount::vault::cells::Cells) {}
fn main() {}
