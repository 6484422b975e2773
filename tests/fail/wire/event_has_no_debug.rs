// Nor can the wire's form of it be printed.
fn main() {
    println!("{:?}", headcount_proto::AccessEvent::default());
}
