//! A listener as its connections meet it: with or without TLS, and with its rule of tokens.

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::gate::{Entrance, Peer};
use crate::{
    access::{Arrival, TokenRule},
    answers::limit::Client,
};

/// A listener and what holds of it.
pub(super) struct Door {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) tokens: TokenRule,
    /// A proxy in front speaks TLS with whoever asks.
    pub(super) is_behind_proxy: bool,
}

impl Entrance for Door {
    type Raw = TcpStream;
    type Stream = Line;

    async fn accept(&self) -> io::Result<(TcpStream, Peer)> {
        let (stream, from) = self.listener.accept().await?;
        let arrived_at: IpAddr = stream.local_addr().map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip());
        let _ = stream.set_nodelay(true);
        let is_secure = self.tls.is_some() || self.is_behind_proxy;
        let arrival = Arrival { peer: Some(from.ip()), tokens: self.tokens, is_secure };
        Ok((stream, Peer { arrived_at, client: Client::of_address(from.ip()), arrival }))
    }

    async fn open(&self, raw: TcpStream) -> io::Result<Line> {
        match &self.tls {
            None => Ok(Line::Plain(raw)),
            Some(tls) => Ok(Line::Tls(Box::new(tls.accept(raw).await?))),
        }
    }
}

/// A connection.
pub(super) enum Line {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Calls the same of whichever it is.
macro_rules! of_either {
    ($line:expr, $stream:ident => $call:expr) => {
        match $line.get_mut() {
            Line::Plain(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Line::Tls(stream) => {
                let $stream = Pin::new(&mut **stream);
                $call
            }
        }
    };
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        of_either!(self, stream => stream.poll_read(context, to))
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        of_either!(self, stream => stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        of_either!(self, stream => stream.poll_write_vectored(context, parts))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_either!(self, stream => stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        of_either!(self, stream => stream.poll_shutdown(context))
    }
}
