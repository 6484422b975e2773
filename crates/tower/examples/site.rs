//! A site of two pages, made with axum, whose visitors are counted:
//!
//! ```text
//! headcount serve
//! cargo run -p headcount-tower --example site -- http://127.0.0.1:50051 www 127.0.0.1:8080
//! ```

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::Html;
use axum::routing::get;
use headcount_client::background::{Destination, Options, spawn};
use headcount_client::{Observer, ProducerSecret, SendError, ServerAddress};
use headcount_tower::Headcount;
use tokio::net::TcpListener;

/// Tells the terminal what happens; a real site has a log for it.
struct Told;

impl Observer for Told {
    fn interrupted(&self, reason: &str, _: Duration) {
        eprintln!("headcount cannot be reached: {reason}");
    }

    fn stopped(&self, error: &SendError, _: Duration) {
        eprintln!("{error}");
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut given = std::env::args().skip(1);
    let mut next = |default: &str| given.next().unwrap_or_else(|| default.to_owned());
    let (server, name, listen) = (next("http://127.0.0.1:50051"), next("www"), next("127.0.0.1:8080"));

    // One for each process that runs at the same time. A secret from a file of its own would let the next start go on with
    // its numbers; one of this process alone does as well.
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)?;
    let destination = Destination {
        address: ServerAddress::parse(&server)?,
        site: name,
        producer: format!("site-{}", std::process::id()),
        secret: ProducerSecret::new(secret)?,
        observer: Arc::new(Told),
    };
    let (queue, background) = spawn(destination, Options::default())?;

    let counted = Headcount::new(queue)
        .peer(|extensions| extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip()))
        .with_cookie("visitor");
    let app = Router::new()
        .route("/", get(|| async { Html("<p>Welcome. <a href=/news>News</a>") }))
        .route("/news", get(|| async { Html("<p>No news.") }))
        .layer(counted);
    let listener = TcpListener::bind(&listen).await?;
    println!("http://{}/", listener.local_addr()?);
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    axum::serve(listener, service).with_graceful_shutdown(stop).await?;
    if !background.shutdown(Duration::from_secs(10)).await {
        eprintln!("some accesses could not be sent");
    }
    Ok(())
}
