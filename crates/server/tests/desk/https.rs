//! The desk by HTTPS, live feed and all.

use std::time::{Duration, SystemTime};

use nohold_app::ports::Role;
use nohold_client::{Client, ClientError};
use nohold_server::{Connections, Tls};

use super::house::House;

const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_program_works_by_https_and_is_told_what_changes() {
    let folder = tempfile::tempdir().unwrap();
    let tls = Tls::self_signed(folder.path(), vec!["127.0.0.1".into()], SystemTime::now()).unwrap();
    let certificate = std::fs::read_to_string(tls.certificate_file()).unwrap();
    // Nobody may come by plain HTTP here, so that what arrives has come by HTTPS.
    let door = Connections { tls: Some(tls), plain: Vec::new(), ..Connections::default() };
    let house = House::with_door(door).await;
    let token = house.person("sam", Role::Supervisor, None, None).await;
    let client = Client::trusting(house.address, &certificate).unwrap().with_token(&token);
    assert_eq!(client.get("/api/session").await.unwrap()["name"], "sam");
    let mut live = client.live().await.unwrap();
    assert_eq!(live.message(LIMIT).await.unwrap()["type"], "snapshot");
    house.missed(1, false).await;
    live.change("a missed call", LIMIT, |change| change.to_string().contains(&super::house::entry(1).to_string()))
        .await
        .unwrap();

    let other = Tls::self_signed(&folder.path().join("other"), vec!["127.0.0.1".into()], SystemTime::now()).unwrap();
    let other = std::fs::read_to_string(other.certificate_file()).unwrap();
    let deceived = Client::trusting(house.address, &other).unwrap().with_token(&token);
    assert!(matches!(deceived.get("/api/session").await, Err(ClientError::Unreachable { .. })));
    assert!(matches!(deceived.live().await, Err(ClientError::Unreachable { .. })), "another server is not trusted");
}
