//! From a request to its answer: who asks, which fault strikes, what may be done, who does it.

use std::{convert::Infallible, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Limited};
use hyper::{HeaderMap, Method, Request, Response, body::Incoming, header, upgrade::OnUpgrade};
use serde_json::{Value, json};

use super::{
    body::{self, Body, failure, text},
    discovery,
    error::ApiError,
    exec,
    faults::{Act, disturb, intruder},
    forward,
    list::{self, Manner},
    logs, metrics,
    patch::Patch,
    people::User,
    protobuf,
    rbac::Attributes,
    request::{self, Query, Target, verb},
    review,
    server::Server,
    socket::Resetter,
    verbs, watch,
};

/// The largest body that is read, as in the API server.
const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// A request, taken apart.
struct Asked {
    method: Method,
    path: String,
    query: Query,
    headers: HeaderMap,
    body: Incoming,
    user: User,
    /// The connection below, for requests that ask for it.
    upgrade: OnUpgrade,
    /// Resets the connection below.
    resetter: Option<Resetter>,
}

/// Answers every request.
pub async fn handle(
    server: Arc<Server>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    Ok(answer(&server, request)
        .await
        .unwrap_or_else(|error| failure(&error)))
}

async fn answer(server: &Server, request: Request<Incoming>) -> Result<Response<Body>, ApiError> {
    let user = authenticate(server, request.headers())?;
    let mut request = request;
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, body) = request.into_parts();
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let asked = Asked {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query,
        headers: parts.headers,
        body,
        user,
        upgrade,
        resetter: parts.extensions.get().cloned(),
    };
    if asked.path.starts_with("/demo/") {
        return control(server, asked).await;
    }
    let target = Target::parse(&asked.path);
    let verb = verb(
        &asked.method,
        target.as_ref().is_none_or(|target| target.name.is_some()),
        &asked.query,
    );
    server.stats.count(verb, &asked.path);
    let mut verbs = vec![verb];
    if asked.query.get("continue").is_some() {
        verbs.push("continue");
    }
    if target.as_ref().is_some_and(is_log) {
        verbs.push("log");
    }
    let acts = server.faults.strike(&verbs, &asked.path);
    if let Some(response) = strike(&acts, verb).await {
        return Ok(response);
    }
    let response = dispatch(server, asked, target, verb, acts.clone()).await;
    Ok(disturb_response(
        response.unwrap_or_else(|error| failure(&error)),
        &acts,
    ))
}

fn disturb_response(response: Response<Body>, acts: &[Act]) -> Response<Body> {
    if !acts
        .iter()
        .any(|act| matches!(act, Act::Cut { .. } | Act::Throttle { .. }))
    {
        return response;
    }
    response.map(|body| disturb(body, acts))
}

/// Faults that answer instead of the server, or keep it from answering.
async fn strike(acts: &[Act], verb: &str) -> Option<Response<Body>> {
    for act in acts {
        match act {
            Act::Delay { ms } => tokio::time::sleep(Duration::from_millis(*ms)).await,
            Act::Silence => std::future::pending().await,
            Act::Status { code, retry_after } => return Some(status(*code, *retry_after)),
            Act::Gone if verb != "watch" => return Some(failure(&list::expired_token())),
            _ => {}
        }
    }
    None
}

fn status(code: u16, retry_after: Option<u64>) -> Response<Body> {
    let (reason, message) = match code {
        401 => ("Unauthorized", "Unauthorized"),
        403 => ("Forbidden", "forbidden: switched off by a fault"),
        410 => ("Expired", "too old resource version"),
        429 => (
            "TooManyRequests",
            "too many requests, please try again later",
        ),
        503 => (
            "ServiceUnavailable",
            "the server is currently unable to handle the request",
        ),
        504 => ("Timeout", "the request timed out"),
        _ => (
            "InternalError",
            "an error on the server has prevented the request from succeeding",
        ),
    };
    let mut error = ApiError::new(code, reason, message);
    if let Some(seconds) = retry_after {
        error.details = json!({"retryAfterSeconds": seconds});
    }
    let mut response = failure(&error);
    if let Some(seconds) = retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

async fn dispatch(
    server: &Server,
    asked: Asked,
    target: Option<Target>,
    verb: &'static str,
    acts: Vec<Act>,
) -> Result<Response<Body>, ApiError> {
    if let Some(review) = review::named(&asked.path) {
        if asked.method != Method::POST {
            return Err(ApiError::method_not_allowed());
        }
        let question = read(asked.body, &asked.headers).await?;
        return Ok(body::json(
            201,
            &review::answer(review, &server.rbac, &asked.user, question)?,
        ));
    }
    if let Some(target) = metrics::target(&asked.path) {
        let mut wanted = attributes(verb_of_metrics(&target), &target);
        "metrics.k8s.io".clone_into(&mut wanted.group);
        server.rbac.require(&asked.user, &wanted)?;
        return if asked.method == Method::GET {
            metrics::answer(&server.store, &target, &asked.query)
        } else {
            Err(ApiError::method_not_allowed())
        };
    }
    match target {
        Some(target) => resource(server, asked, &target, verb, acts).await,
        None => elsewhere(server, &asked),
    }
}

fn verb_of_metrics(target: &Target) -> &'static str {
    if target.name.is_some() { "get" } else { "list" }
}

async fn resource(
    server: &Server,
    asked: Asked,
    target: &Target,
    verb: &'static str,
    acts: Vec<Act>,
) -> Result<Response<Body>, ApiError> {
    if verb.is_empty() {
        return Err(ApiError::method_not_allowed());
    }
    server
        .rbac
        .require(&asked.user, &attributes(verb, target))?;
    if target
        .subresource
        .as_deref()
        .is_some_and(|subresource| !target.kind.has(subresource))
    {
        return Err(ApiError::no_such_path());
    }
    if is_log(target) {
        return log(server, asked, target, acts).await;
    }
    if is_connection(target) {
        return connect(server, asked, target, acts);
    }
    let manner = Manner {
        form: request::form(&asked.headers, &asked.query)?,
        gzip: request::accepts_gzip(&asked.headers),
    };
    if asked.method == Method::GET || asked.method == Method::HEAD {
        return observe(server, &asked, target, verb, manner, acts);
    }
    change(server, asked, target, manner).await
}

/// Opens a connection into a container. A GET that upgrades needs `create` too, as in Kubernetes
/// since 1.35.
fn connect(
    server: &Server,
    asked: Asked,
    target: &Target,
    acts: Vec<Act>,
) -> Result<Response<Body>, ApiError> {
    if !matches!(asked.method, Method::GET | Method::POST) {
        return Err(ApiError::method_not_allowed());
    }
    server
        .rbac
        .require(&asked.user, &attributes("create", target))?;
    let (target, query, headers, upgrade) = (target, &asked.query, &asked.headers, asked.upgrade);
    if target.subresource.as_deref().is_some_and(forward::serves) {
        let asked = forward::Asked {
            target,
            query,
            headers,
            upgrade,
            acts,
        };
        return forward::answer(&server.store, &server.end, asked);
    }
    server.exec.answer(exec::Asked {
        target,
        query,
        headers,
        upgrade,
        acts,
    })
}

/// Whether the target is no object but a way into a container.
fn is_connection(target: &Target) -> bool {
    let connects = |name: &str| exec::serves(name) || forward::serves(name);
    target.kind == &super::kinds::PODS && target.subresource.as_deref().is_some_and(connects)
}

fn is_log(target: &Target) -> bool {
    target.subresource.as_deref() == Some("log")
}

/// Reads a container's log out.
async fn log(
    server: &Server,
    asked: Asked,
    target: &Target,
    acts: Vec<Act>,
) -> Result<Response<Body>, ApiError> {
    let (&Method::GET, Some(name)) = (&asked.method, &target.name) else {
        return Err(ApiError::method_not_allowed());
    };
    let request = logs::Asked {
        path: asked.path,
        acts,
        resetter: asked.resetter,
    };
    logs::answer(&server.logs, target, name, &asked.query, request).await
}

fn observe(
    server: &Server,
    asked: &Asked,
    target: &Target,
    verb: &str,
    manner: Manner,
    acts: Vec<Act>,
) -> Result<Response<Body>, ApiError> {
    let store = &server.store;
    match (&target.name, verb) {
        (None, "watch") => watch::watch(
            server.watch_context(),
            target,
            &asked.path,
            &asked.query,
            manner,
            acts,
        ),
        // A watch of one object is one of the collection that selects it.
        (Some(name), "watch") => {
            let query = asked.query.selecting(name);
            watch::watch(
                server.watch_context(),
                target,
                &asked.path,
                &query,
                manner,
                acts,
            )
        }
        (Some(name), _) if target.subresource.as_deref() == Some("scale") => {
            verbs::read_scale(store, target, name)
        }
        (Some(name), _) => list::get(store, target, name, manner.form),
        (None, _) => {
            let (version, kind) = (target.kind.api_version(), target.kind.kind);
            let extra: Vec<_> = acts
                .iter()
                .filter_map(|act| intruder(act, &version, kind))
                .collect();
            list::list(
                store,
                &server.snapshots,
                target,
                &asked.query,
                manner,
                &extra,
            )
        }
    }
}

async fn change(
    server: &Server,
    asked: Asked,
    target: &Target,
    manner: Manner,
) -> Result<Response<Body>, ApiError> {
    let (store, query, form) = (&server.store, &asked.query, manner.form);
    let object = read(asked.body, &asked.headers).await?;
    match (asked.method, target.name.as_deref()) {
        (Method::POST, None) => verbs::create(store, target, query, form, object),
        (Method::PUT, Some(name)) => verbs::update(store, target, name, query, form, object),
        (Method::PATCH, Some(name)) => {
            let patch = Patch::parse(target.kind, &content_type(&asked.headers), object, query)?;
            verbs::patch(store, target, name, query, form, &patch)
        }
        (Method::DELETE, Some(name)) if target.subresource.is_none() => {
            verbs::delete(store, target, name, query, form, &object)
        }
        (Method::DELETE, None) => verbs::delete_collection(store, target, query, &object),
        _ => Err(ApiError::method_not_allowed()),
    }
}

fn elsewhere(server: &Server, asked: &Asked) -> Result<Response<Body>, ApiError> {
    let verb = asked.method.as_str().to_ascii_lowercase();
    if !server.rbac.allows_path(&asked.user, &verb, &asked.path) {
        return Err(ApiError::new(
            403,
            "Forbidden",
            format!(
                "forbidden: User {:?} cannot {verb} path {:?}",
                asked.user.name, asked.path
            ),
        ));
    }
    let accept = asked
        .headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let aggregated = accept.split(',').any(|clause| {
        let has = |wanted: &str| clause.split(';').any(|part| part.trim() == wanted);
        has("as=APIGroupDiscoveryList") && has("v=v2")
    });
    if matches!(asked.path.as_str(), "/livez" | "/readyz" | "/healthz") {
        return Ok(health(&asked.path, &asked.query));
    }
    if let Some(found) = discovery::openapi(&asked.path) {
        return Ok(body::json(200, &found));
    }
    let found = discovery::answer(&asked.path, aggregated).ok_or_else(ApiError::no_such_path)?;
    let mut response = body::json(200, &found);
    if found["kind"] == "APIGroupDiscoveryList" {
        let told = header::HeaderValue::from_static(
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        );
        response.headers_mut().insert(header::CONTENT_TYPE, told);
    }
    Ok(response)
}

fn health(path: &str, query: &Query) -> Response<Body> {
    if !query.given("verbose") {
        return text(200, "ok");
    }
    let name = path.trim_start_matches('/');
    let checks = ["ping", "store", "controllers"]
        .map(|check| format!("[+]{check} ok\n"))
        .concat();
    text(200, format!("{checks}{name} check passed\n"))
}

fn attributes(verb: &str, target: &Target) -> Attributes {
    // The namespace itself counts as being in itself, as in Kubernetes.
    let own = (target.kind == &super::kinds::NAMESPACES)
        .then(|| target.name.clone())
        .flatten();
    Attributes {
        verb: verb.to_owned(),
        group: target.kind.group.to_owned(),
        resource: target.kind.plural.to_owned(),
        subresource: target.subresource.clone().unwrap_or_default(),
        namespace: target.namespace.clone().or(own).unwrap_or_default(),
        name: target.name.clone().unwrap_or_default(),
    }
}

fn authenticate(server: &Server, headers: &HeaderMap) -> Result<User, ApiError> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let user = token
        .and_then(|token| server.tokens.user(token.trim()))
        .ok_or_else(ApiError::unauthorized)?;
    let text = |value: &header::HeaderValue| value.to_str().map(str::to_owned).unwrap_or_default();
    let Some(name) = headers.get("impersonate-user").map(text) else {
        return Ok(user);
    };
    let mut groups: Vec<String> = headers
        .get_all("impersonate-group")
        .iter()
        .map(text)
        .collect();
    let wanted = |resource: &str, name: &str| Attributes {
        verb: "impersonate".to_owned(),
        resource: resource.to_owned(),
        name: name.to_owned(),
        ..Attributes::default()
    };
    server.rbac.require(&user, &wanted("users", &name))?;
    for group in &groups {
        server.rbac.require(&user, &wanted("groups", group))?;
    }
    groups.push("system:authenticated".to_owned());
    Ok(User { name, groups })
}

fn content_type(headers: &HeaderMap) -> String {
    let told = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("application/json");
    told.split(';').next().unwrap_or_default().trim().to_owned()
}

/// Reads a body as JSON or, where the type says so, as YAML; an empty one is `null`.
async fn read(body: Incoming, headers: &HeaderMap) -> Result<Value, ApiError> {
    let too_large = |_| {
        ApiError::new(
            413,
            "RequestEntityTooLarge",
            format!("the request is larger than {BODY_LIMIT} bytes or broke off"),
        )
    };
    let bytes = Limited::new(body, BODY_LIMIT)
        .collect()
        .await
        .map_err(too_large)?
        .to_bytes();
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let r#type = content_type(headers);
    if r#type.contains("protobuf") || r#type.contains("cbor") {
        return protobuf::read(&bytes).ok_or_else(|| unknown_format(&r#type));
    }
    match serde_json::from_slice(&bytes) {
        Ok(value) => Ok(value),
        Err(_) if r#type.contains("yaml") => {
            let text = std::str::from_utf8(&bytes)
                .map_err(|error| ApiError::bad_request(error.to_string()))?;
            serde_saphyr::from_str(text)
                .map_err(|error| ApiError::bad_request(format!("the body is no YAML: {error}")))
        }
        Err(error) => Err(ApiError::bad_request(format!(
            "the body is no JSON: {error}"
        ))),
    }
}

fn unknown_format(told: &str) -> ApiError {
    let message = format!(
        "the body of the request was in an unknown format: {told:?}; JSON and YAML are understood"
    );
    ApiError::new(415, "UnsupportedMediaType", message)
}

/// Does what a fault asks for once.
fn perform(server: &Server, path: &str, deed: Act) -> Result<(), ApiError> {
    match deed {
        Act::LogRotate { keep } => server.logs.rotate(path, keep),
        Act::Restart { container } => {
            let pod = Target::parse(path).filter(|target| target.kind == &super::kinds::PODS);
            let Some((target, name)) = pod.and_then(|target| {
                let name = target.name.clone()?;
                Some((target, name))
            }) else {
                let message = format!("restart: the path {path:?} names no pod");
                return Err(ApiError::bad_request(message));
            };
            server.orders.kill(target.ns(), &name, container.as_deref());
        }
        _ => {}
    }
    Ok(())
}

/// `/demo/...`: the server's own switches and counts, for the admin only.
async fn control(server: &Server, asked: Asked) -> Result<Response<Body>, ApiError> {
    if !asked.user.is_master() {
        return Err(ApiError::new(
            403,
            "Forbidden",
            "only the admin may look behind the scenes",
        ));
    }
    match (asked.path.as_str(), asked.method.as_str()) {
        ("/demo/stats", "GET") => Ok(body::json(200, &server.stats.told())),
        ("/demo/faults", "GET") => Ok(body::json(200, &server.faults.told())),
        ("/demo/faults", "PUT") => {
            let deeds = server.faults.set(read(asked.body, &asked.headers).await?)?;
            for (path, deed) in deeds {
                perform(server, &path, deed)?;
            }
            Ok(body::json(200, &server.faults.told()))
        }
        ("/demo/faults", "DELETE") => {
            server.faults.set(json!([]))?;
            Ok(body::json(200, &json!([])))
        }
        _ => Err(ApiError::no_such_path()),
    }
}
