//! Contacts: customers whom people know by name.

mod file;
mod shown;
mod told;

use axum::Json;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use nohold_app::ports::{
    Contact, ContactNote, ContactQuery, Keeping, Known, MERGE_UNDONE_WITHIN, MOST_NOTES, MOST_NUMBERS, MOST_TAGS,
    Merge, Permission, Role,
};
use nohold_core::hours::Zone;
use nohold_core::text::{self, Unfit};
use nohold_model::{ContactId, IdSource, PhoneNumber};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

pub(crate) use shown::{ContactGiven, ContactShown};

use crate::access::{Need, Scope, guarded};
use crate::body::{Asked, Given, Named};
use crate::desk::Seat;
use crate::etag;
use crate::failure::{ContactNamed, Failure, FailureBody, Help};
use crate::masking;
use crate::sealed::Of;
use crate::state::Api;

/// So many on a page where nothing is said.
const USUAL_PAGE: usize = 50;

/// Which contacts.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Looked {
    #[serde(default)]
    q: String,
    after: Option<String>,
    limit: Option<usize>,
}

/// Contacts.
#[derive(Debug, Serialize, ToSchema)]
struct ContactsShown {
    /// By name.
    items: Vec<ContactShown>,
    /// Where to go on (`after`); none when these are the last.
    next: Option<String>,
}

/// A note.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoteGiven {
    /// Up to 2,000 characters.
    #[schema(max_length = 2000)]
    text: String,
}

/// Two contacts that are one person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MergeGiven {
    /// The contact that goes over into this one.
    #[schema(value_type = String)]
    from: ContactId,
    /// The version of it that was seen.
    from_version: u64,
    /// The version of this one that was seen.
    version: u64,
}

type Tagged = ([(HeaderName, HeaderValue); 1], Json<ContactShown>);

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let look = Need::look(Role::Agent, Scope::Read);
    let change = Need::change(Role::Agent, Scope::Desk);
    let supervise = Need::change(Role::Supervisor, Scope::Desk);
    let imports = guarded(api, supervise, routes!(file::bring)).layer(DefaultBodyLimit::max(file::MOST_BYTES));
    OpenApiRouter::new()
        .routes(guarded(api, look, routes!(list)))
        .routes(guarded(api, change, routes!(create)))
        .routes(guarded(api, Need::open(Role::Supervisor, Scope::Read), routes!(file::take)))
        .routes(imports)
        .routes(guarded(api, look, routes!(show)))
        .routes(guarded(api, change, routes!(replace)))
        .routes(guarded(api, supervise, routes!(remove)))
        .routes(guarded(api, change, routes!(add_note)))
        .routes(guarded(api, change, routes!(merge)))
        .routes(guarded(api, change, routes!(part)))
}

/// Contacts, by name or number
///
/// `q` is a part of a name, company, e-mail address or tag, or at least three digits of a number in any writing.
#[utoipa::path(
    get, path = "/api/contacts", tag = "contacts",
    params(("q" = Option<String>, Query), ("after" = Option<String>, Query), ("limit" = Option<usize>, Query)),
    responses((status = 200, body = ContactsShown))
)]
async fn list(seat: Seat, Asked(asked): Asked<Looked>) -> Result<Json<ContactsShown>, Failure> {
    // A few digits at a time would tell a number that stands in a name or an address.
    if asked.q.contains(char::is_numeric) {
        seat.may_look_for_numbers("q")?;
    }
    let limit = asked.limit.unwrap_or(USUAL_PAGE);
    let of = Of::new("contacts", &seat.caller.user.name, &asked.q);
    let after = asked.after.map(|text| seat.api.cursors().open(&of, &text)).transpose()?;
    let page = seat.api.parts().contacts.contacts(ContactQuery { text: asked.q, after, limit }).await?;
    let items = page.items.iter().map(ContactShown::new).collect();
    let next = page.next.map(|next| seat.api.cursors().seal(&of, &next)).transpose()?;
    Ok(Json(ContactsShown { items, next }))
}

/// Make a contact
#[utoipa::path(
    post, path = "/api/contacts", tag = "contacts", request_body = ContactGiven, responses(
        (status = 201, body = ContactShown),
        (status = 409, description = "a number belongs to another contact, which is named: `number_taken`", body = FailureBody),
    )
)]
async fn create(seat: Seat, Given(given): Given<ContactGiven>) -> Result<(StatusCode, Tagged), Failure> {
    let now = seat.api.now();
    let known = Known { made: now, changed: now, ..given.meant(&seat, None)? };
    let contact = Contact { id: new_id(&seat)?, version: 0, known };
    seat.keep(contact.clone()).await?;
    seat.telling().object(&contact.id);
    seat.telling().after(&told::contact(&contact));
    Ok((StatusCode::CREATED, tagged(&contact)))
}

/// One contact
#[utoipa::path(
    get, path = "/api/contacts/{id}", tag = "contacts", params(("id" = String, Path)),
    responses((status = 200, body = ContactShown))
)]
async fn show(seat: Seat, Named(id): Named<ContactId>) -> Result<Tagged, Failure> {
    Ok(tagged(&seat.contact(id).await?))
}

/// Change a contact; its notes stay
#[utoipa::path(
    put, path = "/api/contacts/{id}", tag = "contacts", params(("id" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = ContactGiven, responses(
        (status = 200, body = ContactShown),
        (status = 409, description = "a number belongs to another contact, which is named: `number_taken`", body = FailureBody),
    )
)]
async fn replace(
    seat: Seat,
    headers: HeaderMap,
    Named(id): Named<ContactId>,
    Given(given): Given<ContactGiven>,
) -> Result<Tagged, Failure> {
    let before = seat.contact(id).await?;
    seat.telling().before(&told::contact(&before));
    etag::must_match(&headers, Some(before.version))?;
    let Known { notes, made, .. } = before.known.clone();
    let known = Known { notes, made, changed: seat.api.now(), ..given.meant(&seat, Some(&before.known))? };
    let contact = Contact { id, version: before.version.saturating_add(1), known };
    seat.keep(contact.clone()).await?;
    seat.telling().after(&told::contact(&contact));
    Ok(tagged(&contact))
}

/// Remove a contact, with its notes
#[utoipa::path(
    delete, path = "/api/contacts/{id}", tag = "contacts",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header)), responses((status = 204))
)]
async fn remove(seat: Seat, headers: HeaderMap, Named(id): Named<ContactId>) -> Result<StatusCode, Failure> {
    let before = seat.contact(id).await?;
    seat.telling().before(&told::whole(&before));
    etag::must_match(&headers, Some(before.version))?;
    let wish = seat.api.parts().contacts.remove_contact(id, before.version);
    seat.written(wish).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Note something on a contact
#[utoipa::path(
    post, path = "/api/contacts/{id}/notes", tag = "contacts", params(("id" = String, Path)), request_body = NoteGiven,
    responses((status = 201, body = ContactShown))
)]
async fn add_note(
    seat: Seat,
    Named(id): Named<ContactId>,
    Given(given): Given<NoteGiven>,
) -> Result<(StatusCode, Tagged), Failure> {
    let text = given.text.trim().to_owned();
    text::note(&text).map_err(|unfit| Failure::invalid("text", unfit.to_string()))?;
    if text.is_empty() {
        return Err(Failure::invalid("text", "write something"));
    }
    let mut contact = seat.contact(id).await?;
    if contact.known.notes.len() >= MOST_NOTES {
        return Err(Failure::conflict("too_many", format!("a contact has {MOST_NOTES} notes at most")));
    }
    let now = seat.api.now();
    seat.telling().before(&told::noted(&contact));
    contact.known.notes.push(ContactNote { at: now, by: seat.caller.user.name.clone(), text });
    contact.known.changed = now;
    contact.version = contact.version.saturating_add(1);
    seat.keep(contact.clone()).await?;
    seat.telling().after(&told::noted(&contact));
    Ok((StatusCode::CREATED, tagged(&contact)))
}

/// Merge another contact into this one: its numbers, notes and tags go over
#[utoipa::path(
    post, path = "/api/contacts/{id}/merge", tag = "contacts", params(("id" = String, Path)), request_body = MergeGiven,
    responses((status = 200, body = ContactShown))
)]
async fn merge(seat: Seat, Named(id): Named<ContactId>, Given(given): Given<MergeGiven>) -> Result<Tagged, Failure> {
    seat.telling().wish(&json!({ "from": given.from }));
    if id == given.from {
        return Err(Failure::invalid("from", "name another contact"));
    }
    let contacts = &seat.api.parts().contacts;
    if let (Some(into), Some(from)) = (contacts.contact(id).await?, contacts.contact(given.from).await?) {
        seat.telling().before(&json!({ "into": told::contact(&into), "from": told::contact(&from) }));
    }
    let merge = Merge { into: (id, given.version), from: (given.from, given.from_version), at: seat.api.now() };
    let apart_until = merge.at + MERGE_UNDONE_WITHIN;
    let merged = seat.written(seat.api.parts().contacts.merge_contacts(merge)).await?;
    seat.telling().after(&json!({ "into": told::contact(&merged), "may_be_taken_apart_until": apart_until }));
    Ok(tagged(&merged))
}

/// Take a contact apart again that was merged into another, for 30 days: its numbers and notes go back
#[utoipa::path(
    post, path = "/api/contacts/{id}/part", tag = "contacts", params(("id" = String, Path)),
    responses((status = 200, body = ContactShown))
)]
async fn part(seat: Seat, Named(id): Named<ContactId>) -> Result<Tagged, Failure> {
    let parted = seat.written(seat.api.parts().contacts.part_contact(id, seat.api.now())).await?;
    seat.telling().after(&told::contact(&parted));
    Ok(tagged(&parted))
}

fn tagged(contact: &Contact) -> Tagged {
    ([(header::ETAG, etag::of(contact.version))], Json(ContactShown::new(contact)))
}

/// An id that nobody can foresee.
fn new_id(seat: &Seat) -> Result<ContactId, Failure> {
    let seed = getrandom::u64().map_err(|_| Failure::internal())?;
    Ok(IdSource::new(seed).next(seat.api.now()))
}

impl Seat {
    /// A number as this person may see it.
    pub(crate) fn shown_number(&self, number: &PhoneNumber) -> String {
        self.number_with(Permission::SeeNumbers, number)
    }

    /// A number as this person may take it away: whole only where an administrator has said so.
    pub(crate) fn exported_number(&self, number: &PhoneNumber) -> String {
        self.number_with(Permission::ExportNumbers, number)
    }

    fn number_with(&self, permission: Permission, number: &PhoneNumber) -> String {
        if self.may(permission) {
            return number.as_str().to_owned();
        }
        masking::shown(number, Some(&self.desk.desk.directory()))
    }

    /// Whether this person may do what no role says.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.viewer.may.contains(&permission)
    }

    async fn contact(&self, id: ContactId) -> Result<Contact, Failure> {
        let found = self.api.parts().contacts.contact(id).await?;
        found.ok_or_else(|| Failure::not_found("there is no such contact, or it was merged into another"))
    }

    async fn keep(&self, contact: Contact) -> Result<(), Failure> {
        let (id, numbers) = (contact.id, contact.known.numbers.clone());
        match self.written(self.api.parts().contacts.keep_contact(contact)).await {
            Err(refusal) if refusal.body.code == "taken" => Err(self.number_taken(id, &numbers).await?),
            done => done,
        }
    }

    /// Which number of this contact belongs to another one, and to which.
    async fn number_taken(&self, id: ContactId, numbers: &[PhoneNumber]) -> Result<Failure, Failure> {
        for (position, number) in numbers.iter().enumerate() {
            let owner = self.api.parts().contacts.contact_of(number).await?;
            let Some(owner) = owner.filter(|owner| owner.id != id) else { continue };
            let named = ContactNamed { id: owner.id.to_string(), name: owner.known.name };
            let message =
                format!("this number belongs to the contact `{}`: leave it out, or merge the two contacts", named.name);
            let mut refusal = Failure::conflict("number_taken", message).at(format!("numbers[{position}]"));
            refusal.body.help = Some(Box::new(Help { contact: Some(named), ..Help::default() }));
            return Ok(refusal);
        }
        let message = "a number belonged to another contact a moment ago: try again";
        Ok(Failure::conflict("number_taken", message).at("numbers"))
    }

    /// Waits for what is written beside the rules, for as long as the store answers.
    async fn written<T: Send + 'static>(&self, wish: Keeping<T>) -> Result<T, Failure> {
        self.api.patiently("contact", async move { wish.await.map_err(Failure::from) }).await
    }
}

impl ContactGiven {
    /// What it says, checked. A number that was shown masked stays as it was `before`.
    fn meant(self, seat: &Seat, before: Option<&Known>) -> Result<Known, Failure> {
        self.with_what_was_hidden(seat, before).checked(seat, before)
    }

    /// What whoever sees no numbers has given back as it was shown, is what it was.
    fn with_what_was_hidden(self, seat: &Seat, before: Option<&Known>) -> Self {
        let Some(before) = before.filter(|_| !seat.may(Permission::SeeNumbers)) else { return self };
        let directory = seat.desk.desk.directory();
        let back = |given: &str, before: &str, numbers: &[PhoneNumber]| {
            masking::given_back(given, before, numbers, &directory)
        };
        let numbers = &before.numbers;
        let tag = |tag: &String| before.tags.iter().map(|kept| back(tag, kept, numbers)).find(|back| back != tag);
        let tags = self.tags.iter().map(|one| tag(one).unwrap_or_else(|| one.clone())).collect();
        ContactGiven {
            name: back(&self.name, &before.name, numbers),
            company: back(&self.company, &before.company, numbers),
            email: back(&self.email, &before.email, numbers),
            tags,
            ..self
        }
    }

    fn checked(self, seat: &Seat, before: Option<&Known>) -> Result<Known, Failure> {
        let directory = seat.desk.desk.directory();
        let fits =
            |field: &str, looked: Result<(), Unfit>| looked.map_err(|unfit| Failure::invalid(field, unfit.to_string()));
        let name = self.name.trim().to_owned();
        fits("name", text::name(&name))?;
        if name.is_empty() {
            return Err(Failure::invalid("name", "a contact has a name"));
        }
        fits("company", text::name(&self.company))?;
        fits("email", text::name(&self.email))?;
        let email = self.email.trim().to_owned();
        if !email.is_empty() && !is_address(&email) {
            return Err(Failure::invalid("email", "an e-mail address has an @ between two parts, and no spaces"));
        }
        if self.numbers.len() > MOST_NUMBERS {
            return Err(Failure::invalid("numbers", format!("a contact has {MOST_NUMBERS} numbers at most")));
        }
        let mut numbers: Vec<PhoneNumber> = Vec::new();
        for (position, written) in self.numbers.iter().enumerate() {
            // Two numbers may look the same where they are masked: each stands for one of them.
            let mut known = before.into_iter().flat_map(|before| &before.numbers);
            let kept = known.find(|one| seat.shown_number(one) == *written && !numbers.contains(one));
            let number = match kept {
                Some(kept) => kept.clone(),
                // Whether a contact has it already would be a way to guess numbers.
                None if !seat.may(Permission::SeeNumbers) => {
                    let message = "numbers are hidden from you: somebody who sees them can add one";
                    return Err(Failure::invalid(&format!("numbers[{position}]"), message));
                }
                None => directory
                    .site
                    .numbers
                    .normalise(written)
                    .map_err(|problem| Failure::invalid(&format!("numbers[{position}]"), problem.to_string()))?,
            };
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        if let Some(zone) = &self.zone
            && Zone::new(zone).is_err()
        {
            return Err(Failure::invalid("zone", "name a zone of the IANA list, such as Asia/Shanghai"));
        }
        if self.tags.len() > MOST_TAGS {
            return Err(Failure::invalid("tags", format!("a contact has {MOST_TAGS} tags at most")));
        }
        let mut tags: Vec<String> = Vec::new();
        for tag in self.tags.iter().map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()) {
            fits("tags", text::name(&tag))?;
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        let company = self.company.trim().to_owned();
        Ok(Known { name, numbers, company, email, language: self.language, zone: self.zone, tags, ..Known::default() })
    }
}

/// Whether this could be an e-mail address; whether it is one only a message can tell.
fn is_address(text: &str) -> bool {
    let (before, behind) = text.rsplit_once('@').unwrap_or_default();
    !before.is_empty() && !behind.is_empty() && !text.contains(char::is_whitespace)
}
