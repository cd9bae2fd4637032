//! Who is counted when requests come through a proxy.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use api::{PerMinute, Rates, TrustedProxies};

use crate::app::TestApp;
use crate::sign_in::with_google;

/// A server with room for three questions of each address in a minute.
async fn served(proxies: &[&str]) -> (TestApp, SocketAddr) {
    let (mut app, _google) = with_google().await;
    let per_minute = |number| PerMinute(NonZeroU32::new(number).expect("not zero"));
    app.state.rates = Rates::new(per_minute(1000), per_minute(3));
    app.state.proxies = TrustedProxies::of(proxies).expect("addresses");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(api::serve(listener, api::router(app.state.clone()), app.state.closing.clone()));
    (app, address)
}

async fn statuses(address: SocketAddr, forwarded: [&str; 4]) -> Vec<u16> {
    let (client, mut statuses) = (reqwest::Client::new(), Vec::new());
    for line in forwarded {
        let request = client.get(format!("http://{address}/api/auth/csrf")).header("x-forwarded-for", line);
        statuses.push(request.send().await.expect("an answer").status().as_u16());
    }
    statuses
}

#[tokio::test]
async fn nobody_gets_more_by_making_addresses_up() {
    let (_app, address) = served(&[]).await;
    assert_eq!(statuses(address, ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]).await, [200, 200, 200, 429]);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_counts_alone() {
    let (_app, address) = served(&["127.0.0.1"]).await;
    let one = ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1"];
    assert_eq!(statuses(address, one).await, [200, 200, 200, 429]);
    assert_eq!(statuses(address, ["192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"]).await, [200; 4]);
    let spoofed = ["198.51.100.1, 192.0.2.6", "198.51.100.2, 192.0.2.6", "198.51.100.3, 192.0.2.6", "198.51.100.4, 192.0.2.6"];
    assert_eq!(statuses(address, spoofed).await, [200, 200, 200, 429], "what the client put there before does not count");
}
