//! A client of the live protocol.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::house::House;

/// Nothing takes longer.
const LIMIT: Duration = Duration::from_secs(30);

pub struct Live {
    socket: WebSocketStream<TcpStream>,
    seq: u64,
    /// The last cursor.
    pub cursor: String,
    /// The first message.
    pub first: Value,
}

impl Live {
    /// Opens it with a token.
    pub async fn open(house: &House, token: &str, cursor: Option<&str>) -> Live {
        let authorization = format!("Bearer {token}");
        Live::with(house, &[("authorization", &authorization)], cursor).await.unwrap()
    }

    /// Opens it with these headers.
    pub async fn with(house: &House, headers: &[(&str, &str)], cursor: Option<&str>) -> Result<Live, Error> {
        let query = cursor.map(|cursor| format!("?cursor={cursor}")).unwrap_or_default();
        let mut request = format!("ws://{}/api/live{query}", house.address).into_client_request().unwrap();
        for (name, value) in headers {
            let name: axum::http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(house.address).await.unwrap();
        let (socket, _) = client_async(request, stream).await?;
        let mut live = Live { socket, seq: 0, cursor: String::new(), first: Value::Null };
        live.first = live.next().await;
        Ok(live)
    }

    /// The next message but heartbeats. Its number follows on the last one's.
    pub async fn next(&mut self) -> Value {
        tokio::time::timeout(LIMIT, self.told()).await.expect("nothing was told")
    }

    async fn told(&mut self) -> Value {
        loop {
            match self.frame().await {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(message["seq"], self.seq, "the numbers have no gap");
                    self.seq += 1;
                    self.cursor = message["cursor"].as_str().unwrap().to_owned();
                    if message["type"] != "heartbeat" {
                        return message;
                    }
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("no message: {other:?}"),
            }
        }
    }

    async fn frame(&mut self) -> Message {
        tokio::time::timeout(LIMIT, self.socket.next()).await.expect("nothing came").expect("it is closed").unwrap()
    }

    /// The code with which it is closed.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.frame().await {
                return frame.unwrap().code.into();
            }
        }
    }

    pub async fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// All changes up to the first of this kind that fits, that one last.
    pub async fn until(&mut self, kind: &str, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut heard = Vec::new();
        loop {
            let message = self.next().await;
            assert_eq!(message["type"], "changes", "{message}");
            heard.extend(message["changes"].as_array().unwrap().iter().cloned());
            if heard.iter().any(|change| change["type"] == kind && fits(change)) {
                return heard;
            }
        }
    }

    /// The next reminder.
    pub async fn reminder(&mut self) -> Value {
        let heard = self.until("reminder", |_| true).await;
        heard.into_iter().find(|change| change["type"] == "reminder").unwrap()["reminder"].clone()
    }
}

/// Whether any of these changes is about a reminder.
pub fn reminds(changes: &[Value]) -> bool {
    changes.iter().any(|change| change["type"].as_str().unwrap().starts_with("reminder"))
}
