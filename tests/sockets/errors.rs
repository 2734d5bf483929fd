//! Error messages of the hyper transport: every cause once.

use users_tests_pure::assert_each_cause_once;

#[tokio::test]
async fn the_chain_of_the_hyper_transport_shows_each_cause_once() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    // A port without a listener, and servers that close the connection or send something other than HTTP.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut addresses = vec![(format!("http://{closed}"), "refused")];
    for (answer, says) in [
        (b"".as_slice(), "closed"),
        (b"220 smtp.example.com\r\n", "HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", "closed"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        addresses.push((format!("http://{}", listener.local_addr().unwrap()), says));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer).await;
            }
        });
    }
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    addresses.push((format!("https://{}", plain.local_addr().unwrap()), "TLS"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = plain.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    for (url, says) in addresses {
        let builder = users_hyper::management(&url).token("token").retry(users_core::Retry::never());
        let error = builder.build().unwrap().users().get("auth0|1").await.unwrap_err();
        assert!(error.to_string().contains(says), "{url}: {error}");
        assert_each_cause_once(&error);
        assert!(error.transport_error().is_some(), "{error:?}");
    }
}
