//! A server's side of an HTTP/2 connection, frame by frame.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const ACK: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

pub(crate) const NO_ERROR: u32 = 0;
pub(crate) const INTERNAL_ERROR: u32 = 2;
pub(crate) const REFUSED_STREAM: u32 = 7;
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

/// The server's side of one connection.
pub(crate) struct Peer(pub(crate) TcpStream);

impl Peer {
    /// Reads the preface and sends the maximum number of streams.
    pub(crate) async fn new(mut stream: TcpStream, max_streams: u32) -> Self {
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).await.unwrap();
        let mut peer = Self(stream);
        peer.settings(max_streams).await;
        peer
    }

    pub(crate) async fn settings(&mut self, max_streams: u32) {
        let mut payload = vec![0, 3];
        payload.extend(max_streams.to_be_bytes());
        self.write(SETTINGS, 0, 0, &payload).await;
    }

    pub(crate) async fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        // The client may have closed the connection.
        let _ = self.0.write_all(&frame).await;
    }

    /// The next frame's type, flags and stream id; `None` at the end of the connection.
    pub(crate) async fn read(&mut self) -> Option<(u8, u8, u32)> {
        self.read_payload().await.map(|(kind, flags, stream, _)| (kind, flags, stream))
    }

    pub(crate) async fn read_payload(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        if head[3] == SETTINGS && head[4] & ACK == 0 {
            self.write(SETTINGS, ACK, 0, &[]).await;
        }
        Some((head[3], head[4], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
    }

    /// Reads to the end of the next request and returns its stream id.
    pub(crate) async fn request(&mut self) -> Option<u32> {
        loop {
            let (kind, flags, stream) = self.read().await?;
            if matches!(kind, HEADERS | DATA) && flags & END_STREAM != 0 {
                return Some(stream);
            }
        }
    }

    pub(crate) async fn reset(&mut self, stream: u32, reason: u32) {
        self.write(RST_STREAM, 0, stream, &reason.to_be_bytes()).await;
    }

    pub(crate) async fn go_away(&mut self, last_stream: u32, reason: u32) {
        let payload = [last_stream.to_be_bytes(), reason.to_be_bytes()].concat();
        self.write(GOAWAY, 0, 0, &payload).await;
    }

    /// Responds with status 200, which is index 8 of HPACK's static table.
    pub(crate) async fn answer(&mut self, stream: u32, body: &[u8]) {
        self.write(HEADERS, END_HEADERS, stream, &[0x88]).await;
        self.write(DATA, END_STREAM, stream, body).await;
    }
}
