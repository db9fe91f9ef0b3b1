//! The demo, as a newcomer starts it.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use nohold_e2e::demo;

#[tokio::test]
async fn the_demo_sees_all_that_it_tells() {
    for language in ["en", "zh"] {
        let (well, said) = demo::once(language).await.unwrap();
        assert!(well, "{said}");
        assert!(said.contains("Everything that was told was really seen and heard."), "{said}");
    }
}
