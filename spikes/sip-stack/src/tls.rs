//! TLS of the library beside another crypto provider.

use crate::cases::{row, yes};
use anyhow::Result;
use rsipstack::sip::SipMessage;
use std::time::Duration;

/// Client and server of the library over TLS, with aws-lc-rs installed first or not.
pub async fn run(install: bool) -> Result<()> {
    use rsipstack::transport::tls::{TlsConfig, TlsConnection, TlsListenerConnection};
    if install {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.install_default().map_err(|_| anyhow::anyhow!("already installed"))?;
    }
    let key = rcgen::generate_simple_self_signed(vec!["localhost".into()])?;
    let certificate = key.cert.pem().into_bytes();
    let config = TlsConfig {
        cert: Some(certificate.clone()),
        key: Some(key.signing_key.serialize_pem().into_bytes()),
        ca_certs: Some(certificate),
        sni_hostname: Some("localhost".into()),
        ..Default::default()
    };
    let transport = rsipstack::transport::TransportLayer::new(Default::default());
    let address = "127.0.0.1:5997".parse()?;
    transport.add_transport(TlsListenerConnection::new(address, None, config.clone()).await?.into());
    let endpoint = rsipstack::EndpointBuilder::new().with_transport_layer(transport).build();
    let mut incoming = endpoint.incoming_transactions()?;
    let inner = endpoint.inner.clone();
    tokio::spawn(async move { inner.serve().await });
    tokio::spawn(async move {
        while let Some(mut tx) = incoming.recv().await {
            tx.reply(rsipstack::sip::StatusCode::OK).await.ok();
        }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let target = rsipstack::transport::SipAddr {
        r#type: Some(rsipstack::sip::Transport::Tls),
        addr: std::net::SocketAddr::from(([127, 0, 0, 1], 5997)).into(),
    };
    let client = tokio::spawn(async move { TlsConnection::connect(&target, Some(&config), None, None).await });
    let connection = match client.await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            row("TLS client", &format!("error: {error}"));
            return Ok(());
        }
        Err(_) => {
            row("TLS client", "panicked");
            return Ok(());
        }
    };
    let connection: rsipstack::transport::SipConnection = connection.into();
    let (sender, mut received) = rsipstack::platform::mpsc::unbounded_channel();
    let reading = connection.clone();
    tokio::spawn(async move { reading.serve_loop(sender, Duration::ZERO).await });
    let options = "OPTIONS sip:localhost SIP/2.0\r\nVia: SIP/2.0/TLS localhost;branch=z9hG4bKtls\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: tls\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    connection.send(SipMessage::try_from(options)?, None).await?;
    let answer = tokio::time::timeout(Duration::from_secs(2), received.recv()).await;
    let provider = rustls::crypto::CryptoProvider::get_default();
    row(
        "OPTIONS over TLS, library to library",
        &format!("answered {}, process provider set {}", yes(matches!(answer, Ok(Some(_)))), yes(provider.is_some())),
    );
    Ok(())
}
