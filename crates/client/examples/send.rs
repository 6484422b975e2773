//! Sends three accesses to a running server and prints its receipt:
//!
//! ```text
//! cargo run -p headcount-client --example send -- http://127.0.0.1:50051 www
//! ```

use std::process::ExitCode;

use headcount_client::{AccessEvent, Batch, Connection, Outcome, Producer, ProducerSecret, SendError, ServerAddress};

#[tokio::main]
async fn main() -> ExitCode {
    match send().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn send() -> Result<(), SendError> {
    let mut given = std::env::args().skip(1);
    let url = given.next().unwrap_or_else(|| "http://127.0.0.1:50051".to_owned());
    let site = given.next().unwrap_or_else(|| "www".to_owned());

    // A real sender makes it once from random bytes, and keeps it in a file of its own.
    let secret = ProducerSecret::new(*b"an example is no secret")?;
    let connection = Connection::new(ServerAddress::parse(&url)?, &site, secret)?;
    let mut producer = Producer::open(connection, "example").await?;
    println!("the server has {} batches of this producer", producer.position().durable_sequence);

    let mut batch = Batch::new();
    for target in ["/", "/news", "/style.css"] {
        batch.add(&AccessEvent {
            // No time stands for now, no status for 200 and no method for GET.
            address: "192.0.2.1".to_owned(),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
            target: target.to_owned(),
            ..AccessEvent::default()
        });
    }
    producer.send(batch).await?;
    producer.flush().await?;

    let receipt = producer.receipt();
    println!("durable: {} accepted, {} rejected", receipt.accepted, receipt.rejected);
    for (number, count) in &receipt.outcomes {
        let name = Outcome::try_from(*number).map_or("unknown", |outcome| outcome.as_str_name());
        println!("  {count} {name}");
    }
    Ok(())
}
