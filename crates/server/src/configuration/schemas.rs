//! The description of the routes that each table has.

use std::collections::BTreeMap;

use axum::routing::MethodRouter;
use nohold_core::configuration::{
    Agent, Calendar, Campaign, Disposition, Extension, Flow, Group, InboundNumber, Outbound, Queue, Service, Site,
    Trunk,
};
use nohold_core::directory::StarCode;
use nohold_core::numbers::BlockList;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema as _, SchemaGenerator};
use serde_json::{Map, Value};
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, PathItem, Ref, Required, ResponseBuilder};
use utoipa_axum::router::UtoipaMethodRouter;

use super::kind::Kind;
use crate::state::Api;

/// Describes the routes of a table.
pub(super) struct Pattern(Kind);

impl Pattern {
    pub(super) const fn of(kind: Kind) -> Self {
        Pattern(kind)
    }

    pub(super) fn list(&self, router: MethodRouter<Api>) -> UtoipaMethodRouter<Api> {
        let operation = self.operation("list", "All of them, by key").parameter(after()).parameter(limit());
        described(&self.table(), HttpMethod::Get, operation.response("200", answer("Things")).build(), router)
    }

    pub(super) fn show(&self, router: MethodRouter<Api>) -> UtoipaMethodRouter<Api> {
        let operation = self.keyed(self.operation("show", "One of them, with its version in `ETag`"));
        described(&self.one(), HttpMethod::Get, operation.response("200", answer("Thing")).build(), router)
    }

    pub(super) fn put(&self, router: MethodRouter<Api>) -> UtoipaMethodRouter<Api> {
        let schema = Ref::from_schema_name(schema_name(self.0));
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let body =
            RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True)).build();
        let operation = self
            .keyed(self.operation("put", "Make it so, or make it"))
            .parameter(version("If-Match", "the `ETag` that was read: refused (412) when it has changed since"))
            .parameter(version("If-None-Match", "`*`: refused (412) when it is there"))
            .request_body(Some(body))
            .response("200", answer("Changed"))
            .response("201", answer("Changed"))
            .response("412", answer("FailureBody"))
            .response("422", answer("FailureBody"));
        described(&self.one(), HttpMethod::Put, operation.build(), router)
    }

    pub(super) fn delete(&self, router: MethodRouter<Api>) -> UtoipaMethodRouter<Api> {
        let operation = self
            .keyed(self.operation("delete", "Remove it; refused (409) while something refers to it"))
            .parameter(version("If-Match", "the `ETag` that was read: refused (412) when it has changed since"))
            .response("204", ResponseBuilder::new().description("it is gone").build())
            .response("409", answer("FailureBody"))
            .response("412", answer("FailureBody"));
        described(&self.one(), HttpMethod::Delete, operation.build(), router)
    }

    pub(super) fn versions(&self, router: MethodRouter<Api>) -> UtoipaMethodRouter<Api> {
        let what = "What it was, newest first; to put an old version back, put its body";
        let operation = self.keyed(self.operation("versions", what)).parameter(after()).parameter(limit());
        let path = format!("{}/versions", self.one());
        described(&path, HttpMethod::Get, operation.response("200", answer("Things")).build(), router)
    }

    fn operation(&self, verb: &str, summary: &str) -> OperationBuilder {
        OperationBuilder::new()
            .operation_id(Some(format!("{verb}_{}", self.0.word())))
            .summary(Some(summary))
            .tag("configuration")
    }

    fn keyed(&self, operation: OperationBuilder) -> OperationBuilder {
        if self.0.is_single() {
            return operation;
        }
        let key = ParameterBuilder::new().name("key").parameter_in(ParameterIn::Path).required(Required::True);
        operation.parameter(key.schema(Some(text())).build())
    }

    fn table(&self) -> String {
        format!("/api/configuration/{}", self.0.word())
    }

    fn one(&self) -> String {
        if self.0.is_single() { self.table() } else { format!("{}/{{key}}", self.table()) }
    }
}

fn text() -> Object {
    ObjectBuilder::new().schema_type(Type::String).build()
}

fn after() -> Parameter {
    let after = ParameterBuilder::new().name("after").parameter_in(ParameterIn::Query).required(Required::False);
    after.description(Some("`next` of the part before")).schema(Some(text())).build()
}

fn limit() -> Parameter {
    let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).maximum(Some(500)).build();
    let limit = ParameterBuilder::new().name("limit").parameter_in(ParameterIn::Query).required(Required::False);
    limit.description(Some("at most so many; by default 100")).schema(Some(number)).build()
}

fn version(name: &str, meaning: &str) -> Parameter {
    let version = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).required(Required::False);
    version.description(Some(meaning)).schema(Some(text())).build()
}

fn answer(schema: &str) -> utoipa::openapi::Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    ResponseBuilder::new().description(schema).content("application/json", content).build()
}

fn described(
    path: &str,
    method: HttpMethod,
    operation: Operation,
    router: MethodRouter<Api>,
) -> UtoipaMethodRouter<Api> {
    let mut paths = Paths::new();
    paths.paths.insert(path.to_owned(), PathItem::new(method, operation));
    (super::things::schemas(), paths, router)
}

/// The name of the schema of a table's things.
fn schema_name(kind: Kind) -> String {
    format!("configuration.{}", kind.word())
}

/// Adds the schemas of all tables to the document of the API. They are derived from the types that read the bodies.
pub(crate) fn insert(document: &mut Value) {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut schemas = Map::new();
    for kind in Kind::ALL {
        schemas.insert(schema_name(kind), of_kind(kind, &mut generator).to_value());
    }
    for (name, schema) in generator.take_definitions(true) {
        schemas.insert(format!("configuration.{name}"), schema);
    }
    for schema in schemas.values_mut() {
        at_home(schema);
    }
    if let Some(Value::Object(known)) = document.pointer_mut("/components/schemas") {
        known.extend(schemas);
    }
}

/// References of the generator lead to where its definitions are put.
fn at_home(schema: &mut Value) {
    match schema {
        Value::Object(table) => {
            if let Some(Value::String(reference)) = table.get_mut("$ref")
                && let Some(name) = reference.strip_prefix("#/$defs/")
            {
                *reference = format!("#/components/schemas/configuration.{name}");
            }
            table.values_mut().for_each(at_home);
        }
        Value::Array(values) => values.iter_mut().for_each(at_home),
        _ => {}
    }
}

fn of_kind(kind: Kind, generator: &mut SchemaGenerator) -> schemars::Schema {
    match kind {
        Kind::Site => Site::json_schema(generator),
        Kind::Outbound => Outbound::json_schema(generator),
        Kind::StarCodes => BTreeMap::<String, StarCode>::json_schema(generator),
        Kind::Blocked => BlockList::json_schema(generator),
        Kind::Calendars => Calendar::json_schema(generator),
        Kind::Services => Service::json_schema(generator),
        Kind::Campaigns => Campaign::json_schema(generator),
        Kind::Groups => Group::json_schema(generator),
        Kind::Agents => Agent::json_schema(generator),
        Kind::Extensions => Extension::json_schema(generator),
        Kind::Queues => Queue::json_schema(generator),
        Kind::Trunks => Trunk::json_schema(generator),
        Kind::Numbers => InboundNumber::json_schema(generator),
        Kind::Flows => Flow::json_schema(generator),
        Kind::Dispositions => Disposition::json_schema(generator),
    }
}
