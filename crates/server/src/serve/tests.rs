//! What becomes of connections that waste our time.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::impatient::{LEAST_READ, READ_WITHIN};
use super::*;

#[tokio::test(start_paused = true)]
async fn a_connection_that_does_not_come_to_the_point_is_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(listener, Router::new(), Connections::default(), std::future::pending()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /api/health HTTP/1.1\r\nHo").await.unwrap();
    let mut said = Vec::new();
    tokio::time::timeout(HEAD_WITHIN * 2, stream.read_to_end(&mut said)).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_given_up_and_who_reads_slowly_is_not() {
    let (mut peer, ours) = tokio::io::duplex(LEAST_READ);
    let mut ours = Impatient::new(ours);
    let slow = async {
        let mut part = vec![0; LEAST_READ];
        for _ in 0..5 {
            tokio::time::sleep(READ_WITHIN - Duration::from_secs(1)).await;
            peer.read_exact(&mut part).await.unwrap();
        }
    };
    let whole = vec![0; LEAST_READ * 5];
    let (sent, ()) = tokio::join!(ours.write_all(&whole), slow);
    sent.unwrap();
    ours.flush().await.unwrap();
    tokio::time::sleep(READ_WITHIN * 5).await;
    ours.write_all(&[0; LEAST_READ]).await.expect("there was nothing to read");
    // One byte now and then is no reading.
    let trickle = async {
        while peer.read_u8().await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let problem = tokio::select! {
        sent = ours.write_all(&whole) => sent.unwrap_err(),
        () = trickle => panic!("it ends on our side first"),
    };
    assert_eq!(problem.kind(), io::ErrorKind::TimedOut);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_reads_is_given_up_with_all_that_it_holds() {
    let held = Arc::new(());
    let of_the_body = held.clone();
    let endless = move || {
        let held = of_the_body.clone();
        async move {
            let piece = move |()| {
                let _held = &held;
                Some((Ok::<_, io::Error>(vec![0u8; 64 * 1024]), ()))
            };
            axum::body::Body::from_stream(futures::stream::unfold((), move |last| std::future::ready(piece(last))))
        }
    };
    let router = Router::new().route("/", axum::routing::get(endless));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(listener, router, Connections::default(), std::future::pending()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let before = Arc::strong_count(&held);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    stream.readable().await.unwrap();
    assert!(Arc::strong_count(&held) > before, "it is being sent");
    tokio::time::sleep(READ_WITHIN * 3).await;
    assert_eq!(Arc::strong_count(&held), before, "it is sent no more");
}

/// A server with a certificate, whose connections are these.
async fn by_tls(folder: &std::path::Path, most: usize) -> (std::net::SocketAddr, JoinSet<io::Result<()>>) {
    let tls = Tls::self_signed(folder, vec!["127.0.0.1".into()], std::time::SystemTime::now()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    let connections = Connections { most, tls: Some(tls), ..Connections::default() };
    let router = Router::new().route("/", axum::routing::get(async || "well"));
    tasks.spawn(serve(listener, router, connections, std::future::pending()));
    (address, tasks)
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_go_on_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let (address, _tasks) = by_tls(folder.path(), 10).await;
    // The beginning of a record of 512 bytes (RFC 8446 §5.1), nothing at all, and a record that nobody can read.
    for begun in [&[22, 3, 1, 2, 0][..], &[], &[22, 3, 1, 0, 4, 9, 9, 9, 9]] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(begun).await.unwrap();
        let mut said = Vec::new();
        let over = tokio::time::timeout(HEAD_WITHIN * 3, stream.read_to_end(&mut said)).await;
        // It may be closed before all was read, which the system calls a reset.
        assert!(over.is_ok(), "{begun:?} is still waited for");
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_never_finish_their_handshake_do_not_keep_others_out_for_long() {
    const MOST: usize = 3;
    let folder = tempfile::tempdir().unwrap();
    let (address, _tasks) = by_tls(folder.path(), MOST).await;
    let mut half_open = Vec::new();
    for _ in 0..MOST {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&[22, 3, 1]).await.unwrap();
        half_open.push(stream);
    }
    let answered = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        said
    };
    let said = tokio::time::timeout(HEAD_WITHIN * 3, answered).await.expect("the others have all places for ever");
    assert!(said.ends_with("well"), "{said}");
}
