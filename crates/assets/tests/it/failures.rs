use std::time::Duration;

use assets::{AssetError, Assets, Kind, Place, S3Settings, Taking};
use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::moto::Moto;
use crate::s3_server::{S3Server, settings};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

async fn put(settings: &S3Settings) -> AssetError {
    let assets = Assets::s3(settings).expect("settings of the right form");
    assets.put(Place::Music, PNG.into()).await.expect_err("it can't be stored")
}

#[tokio::test]
async fn troubles_have_names_and_remedies() {
    let server = S3Server::start().await;
    let check = |error: AssetError, says: &str| {
        let sentence = error.to_string();
        assert!(sentence.contains(says), "{sentence}\ndoes not say\n{says}");
        assert!(!sentence.contains("secret that") && !sentence.contains("AKIA"), "{sentence}");
    };
    let error = put(&S3Settings { secret_access_key: SecretString::from("another"), ..server.settings() }).await;
    assert!(matches!(error, AssetError::Denied { .. }), "{error}");
    check(error, "check the access key");

    // Nobody listens there any more.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let error = put(&settings(&address)).await;
    assert!(matches!(error, AssetError::Unreachable { .. }), "{error}");
    check(error, "can't be reached");

    // Somebody who listens and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", silent.local_addr().expect("an address"));
    let error = put(&S3Settings { patience: Duration::from_millis(50), ..settings(&address) }).await;
    assert!(matches!(error, AssetError::Unreachable { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_is_named_as_such() {
    let server = Moto::start().await;
    let settings = S3Settings { bucket: "nowhere".to_owned(), ..server.settings.clone() };
    let error = put(&settings).await;
    assert!(matches!(error, AssetError::NoBucket { .. }), "{error}");
    assert!(error.to_string().contains("there is no such bucket"), "{error}");
    // And it does look at signatures.
    let error = put(&S3Settings { secret_access_key: SecretString::from("another"), ..server.settings.clone() }).await;
    assert!(matches!(error, AssetError::Denied { .. }), "{error}");
    let error = Assets::s3(&settings).expect("good settings").get("music/0123456789abcdef0123456789abcdef.mp3").await;
    assert!(matches!(error, Err(AssetError::NoBucket { .. })), "{error:?}");
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let server = S3Server::start().await;
    let assets = Assets::s3(&server.settings()).expect("good settings");
    // The source breaks in the middle of the third part.
    let content = vec![0; 18 << 20];
    let head: &[u8] = PNG;
    let broken = breaking(&content);
    let mut reader = tokio::io::AsyncReadExt::chain(head, broken);
    let taking = Taking { most: u64::MAX, kinds: &[Kind::Image] };
    let error = assets.put_stream(Place::Uploads, &mut reader, taking).await.expect_err("it broke");
    assert!(matches!(&error, AssetError::Reading(reason) if reason.contains("the line is dead")), "{error}");
    assert_eq!(server.objects(), Vec::<String>::new());
    assert_eq!(server.unfinished(), 0);
}

#[tokio::test]
async fn a_bucket_that_breaks_in_the_middle_keeps_no_half() {
    let server = S3Server::breaking_at_part(2).await;
    let assets = Assets::s3(&server.settings()).expect("good settings");
    let mut content = PNG.to_vec();
    content.resize(20 << 20, 0);
    let taking = Taking { most: u64::MAX, kinds: &[Kind::Image] };
    let error = assets.put_stream(Place::Uploads, &mut content.as_slice(), taking).await.expect_err("it broke");
    assert!(matches!(error, AssetError::Store { doing: "writing", .. }), "{error}");
    assert_eq!(server.objects(), Vec::<String>::new());
    assert_eq!(server.unfinished(), 0, "the parts that came are removed");
}

/// So many bytes, then an error.
fn breaking(content: &[u8]) -> impl tokio::io::AsyncRead + Unpin {
    use tokio::io::AsyncReadExt;
    content.chain(Dead)
}

struct Dead;

impl tokio::io::AsyncRead for Dead {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Err(std::io::Error::other("the line is dead")))
    }
}
