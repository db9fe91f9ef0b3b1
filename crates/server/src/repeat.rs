//! A wish with an idempotency key is carried out once; repeated, it gets the same answer again.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Request};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
use nohold_app::ports::GivenAnswer;
use sha2::{Digest as _, Sha256};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, schema::Type};

use crate::access::Caller;
use crate::body::unreadable;
use crate::failure::Failure;
use crate::state::Api;

/// The header with the key.
pub const KEY: &str = "idempotency-key";

/// The header on an answer that is given again.
const REPEATED: &str = "idempotency-replayed";

/// The longest key.
const LONGEST: usize = 128;

/// On a response: it holds a secret, and is not kept to be given again.
#[derive(Debug, Clone, Copy)]
pub struct NotKept;

pub(crate) fn describe(operation: &mut Operation) {
    let schema = ObjectBuilder::new().schema_type(Type::String).max_length(Some(LONGEST)).build();
    let parameter = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("a word of your own; the same wish with the same word is carried out once within 24 hours"))
        .schema(Some(schema))
        .build();
    operation.parameters.get_or_insert_default().push(parameter.into());
}

/// Carries a wish out, where it has not been.
pub(crate) async fn once(api: &Api, caller: &Caller, request: Request, next: Next) -> Response {
    let Some(key) = request.headers().get(KEY) else { return next.run(request).await };
    let key = match key.to_str() {
        Ok(key) if (1..=LONGEST).contains(&key.len()) => key.to_owned(),
        _ => {
            let message = format!("an idempotency key has 1 to {LONGEST} characters of ASCII");
            return Failure::new(StatusCode::BAD_REQUEST, "bad_idempotency_key", message).into_response();
        }
    };
    match with_key(api, &caller.user.name, &key, request, next).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn with_key(api: &Api, user: &str, key: &str, request: Request, next: Next) -> Result<Response, Failure> {
    let (parts, bytes) = whole(request).await?;
    let mut wish = Sha256::new();
    for part in [parts.method.as_str().as_bytes(), parts.uri.to_string().as_bytes()] {
        wish.update(part);
        wish.update([0]);
    }
    // The same change of another version is another wish.
    for name in [header::IF_MATCH, header::IF_NONE_MATCH] {
        for value in parts.headers.get_all(&name) {
            for part in [name.as_str().as_bytes(), value.as_bytes()] {
                wish.update(part);
                wish.update([0]);
            }
        }
    }
    wish.update(&bytes);
    let wish = wish.finalize().into();
    // However long it takes, a repetition finds it at work.
    let at_work = api.in_progress().begin(user, key).ok_or_else(in_progress)?;
    // Whoever asked may go away, and what was done must be written down: it runs to its end in a task of its own.
    let (of, user, key) = (api.clone(), user.to_owned(), key.to_owned());
    let carried_out = async move {
        let _at_work = at_work;
        if let Some(given) = of.parts().answers.take_key(&user, &key, wish, of.now()).await? {
            return again(given, wish);
        }
        let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
        written_down(&of, &user, &key, wish, response).await
    };
    api.patiently("wish with a key", carried_out).await
}

/// A request with its whole body.
///
/// # Errors
/// When the body does not come, or is too large for its route.
pub(crate) async fn whole(request: Request) -> Result<(Parts, Bytes), Failure> {
    let (parts, body) = request.into_parts();
    // The limit of the route stands in the extensions.
    let whole = Request::from_parts(parts.clone(), body);
    let bytes = Bytes::from_request(whole, &()).await.map_err(unreadable)?;
    Ok((parts, bytes))
}

/// Users and keys of the wishes that are being carried out. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Repeated {
    keys: Arc<Mutex<BTreeSet<(String, String)>>>,
}

/// A wish that is being carried out, until this is dropped.
struct AtWork {
    of: Repeated,
    key: (String, String),
}

impl Repeated {
    /// Begins a wish; none where it is being carried out already.
    fn begin(&self, user: &str, key: &str) -> Option<AtWork> {
        let key = (user.to_owned(), key.to_owned());
        let new = self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        new.then(|| AtWork { of: self.clone(), key })
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.of.keys.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

fn in_progress() -> Failure {
    Failure::conflict("in_progress", "this wish is being carried out: ask again in a moment").retry_after(1)
}

/// What was answered before.
fn again(given: GivenAnswer, wish: [u8; 32]) -> Result<Response, Failure> {
    if given.wish != wish {
        let message = "this idempotency key was used for another wish: choose a new one for each";
        return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", message));
    }
    if given.status == 0 {
        return Err(in_progress());
    }
    let status = StatusCode::from_u16(given.status).map_err(|_| Failure::internal())?;
    let has_body = !given.body.is_empty();
    let mut response = (status, given.body).into_response();
    if has_body {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    } else {
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    response.headers_mut().insert(REPEATED, HeaderValue::from_static("true"));
    Ok(response)
}

/// Whether a wish was refused before anything was done, for its form or its haste: mended, it comes with the same key.
fn gives_the_key_back(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY
            | StatusCode::TOO_MANY_REQUESTS
    )
}

async fn written_down(
    api: &Api,
    user: &str,
    key: &str,
    wish: [u8; 32],
    response: Response,
) -> Result<Response, Failure> {
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.map_err(|_| Failure::internal())?.to_bytes();
    let mut answer = GivenAnswer { wish, status: parts.status.as_u16(), body: bytes.to_vec(), at: api.now() };
    if parts.status == StatusCode::GATEWAY_TIMEOUT {
        // Nobody knows yet whether it was carried out. The key stays taken until it lapses, so that a hasty repetition
        // does not do it twice.
        return Ok(Response::from_parts(parts, Body::from(bytes)));
    }
    if parts.status.is_server_error() || gives_the_key_back(parts.status) {
        answer.status = 0;
        answer.body.clear();
    } else if parts.extensions.get::<NotKept>().is_some() {
        let refusal = Failure::conflict(
            "answer_not_kept",
            "this was carried out; its answer held a secret, which is shown once and not kept",
        );
        answer.status = refusal.status.as_u16();
        answer.body = serde_json::to_vec(&refusal.body).map_err(|_| Failure::internal())?;
    }
    if let Err(problem) = api.parts().answers.answer_key(user, key, answer).await {
        // The wish was carried out. Repeated within the minute it is refused as being in progress.
        tracing::warn!(%problem, "an answer was not kept");
    }
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nohold_app::ports::{Answers as _, HiddenText};
    use nohold_model::{Millis, Timestamp};
    use nohold_store::SqliteStore;

    use super::*;
    use crate::configuration::{Applied, Effective, NotApplied, Seal};
    use crate::{Parts, PasswordCost};

    const NOW: Timestamp = Timestamp::from_millis(1_772_416_800_000);

    struct Unmoved;

    impl Applied for Unmoved {
        fn apply(&self, _: Arc<Effective>) -> futures::future::BoxFuture<'static, Result<(), NotApplied>> {
            Box::pin(std::future::ready(Ok(())))
        }
    }

    fn api(store: &Arc<SqliteStore>) -> Api {
        Api::new(Parts {
            accounts: store.clone(),
            configured: store.clone(),
            answers: store.clone(),
            archive: store.clone(),
            contacts: store.clone(),
            audit: store.clone(),
            applied: Arc::new(Unmoved),
            effective: None,
            seal: Seal { seal: |_, password| HiddenText(password.to_owned()), is_of: |_, _| true },
            now: Arc::new(|| NOW),
            spawn: Arc::new(|name, _| unreachable!("nobody starts `{name}` here")),
            prompts: None,
            setup_token: None,
            secure_cookies: false,
            proxies: Vec::new(),
            password_cost: PasswordCost { memory_kib: 64, passes: 1 },
            version: "0.0.0-test",
        })
    }

    #[tokio::test]
    async fn a_key_is_given_back_where_nothing_was_done_and_not_where_nobody_knows() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(folder.path()).await.unwrap());
        let (api, wish) = (api(&store), [7; 32]);
        let answered = async |key: &str, failure: Failure| {
            assert_eq!(store.take_key("ada", key, wish, NOW).await, Ok(None));
            written_down(&api, "ada", key, wish, failure.into_response()).await.unwrap();
            store.take_key("ada", key, wish, NOW + Millis::seconds(1)).await.unwrap().map(|given| given.status)
        };
        assert_eq!(answered("failed", Failure::unavailable("store_unavailable", "try again")).await, None);
        assert_eq!(answered("refused", Failure::conflict("held", "somebody has it")).await, Some(409));
        assert_eq!(answered("malformed", Failure::invalid("name", "write one")).await, None);
        let unknown = Failure::new(StatusCode::GATEWAY_TIMEOUT, "not_known_yet", "look before you repeat it");
        assert_eq!(answered("unknown", unknown).await, Some(0));
        let given = store.take_key("ada", "unknown", wish, NOW + Millis::seconds(30)).await.unwrap().unwrap();
        assert_eq!(again(given, wish).unwrap_err().body.code, "in_progress");
        assert_eq!(store.take_key("ada", "unknown", wish, NOW + Millis::minutes(2)).await, Ok(None), "it lapses");
    }
}
