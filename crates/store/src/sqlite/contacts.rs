//! Contacts.

use std::collections::{BTreeMap, BTreeSet};

use nohold_app::ports::{
    Brought, Contact, ContactNote, ContactQuery, Contacts, Duplicates, Keeping, Known, MERGE_UNDONE_WITHIN, MOST_NOTES,
    MOST_NUMBERS, MOST_TAGS, Merge, NotKept, Page, Reading, Told,
};
use nohold_model::{ContactId, PhoneNumber, Timestamp};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::accounts::number as count;
use super::archive::{LONGEST_PAGE, told};
use super::errand::{Errand, Undone};
use super::trouble::Trouble;
use super::{SqliteStore, body, sorting};

/// The most facts that are told of one call.
const MOST_FACTS: i64 = 200;

impl Contacts for SqliteStore {
    fn contact(&self, id: ContactId) -> Reading<Option<Contact>> {
        self.look(move |c| Box::pin(async move { one(c, id).await }))
    }

    fn contact_of(&self, number: &PhoneNumber) -> Reading<Option<Contact>> {
        let number = number.clone();
        self.look(move |c| {
            Box::pin(async move {
                let sql = "SELECT id, version, v, body FROM contacts \
                    WHERE id = (SELECT contact FROM contact_numbers WHERE number = ?1)";
                let row = sqlx::query(sql).bind(number.as_str()).fetch_optional(c).await?;
                row.map(|row| contact_of(&row)).transpose()
            })
        })
    }

    fn names_of(&self, numbers: Vec<PhoneNumber>) -> Reading<BTreeMap<PhoneNumber, String>> {
        self.look(move |c| Box::pin(async move { names_of(c, &numbers).await }))
    }

    fn contacts(&self, query: ContactQuery) -> Reading<Page<Contact>> {
        self.look(move |c| Box::pin(async move { page(c, &query).await }))
    }

    fn keep_contact(&self, contact: Contact) -> Keeping<()> {
        self.ask(Keep(contact))
    }

    fn remove_contact(&self, id: ContactId, version: u64) -> Keeping<()> {
        self.ask(Remove { id, version })
    }

    fn merge_contacts(&self, merge: Merge) -> Keeping<Contact> {
        self.ask(Merging(merge))
    }

    fn part_contact(&self, id: ContactId, at: Timestamp) -> Keeping<Contact> {
        self.ask(Parting { id, at })
    }

    fn bring_contacts(&self, contacts: Vec<Contact>, duplicates: Duplicates, only_look: bool) -> Keeping<Brought> {
        self.ask(Bring { contacts, duplicates, only_look })
    }

    fn calls_with(&self, number: &PhoneNumber, most: usize) -> Reading<Vec<Vec<Told>>> {
        let number = number.clone();
        self.look(move |c| Box::pin(async move { calls_with(c, &number, most).await }))
    }
}

async fn one(c: &mut SqliteConnection, id: ContactId) -> Result<Option<Contact>, Trouble> {
    let sql = "SELECT id, version, v, body FROM contacts WHERE id = ?1 AND merged_into IS NULL";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(c).await?;
    row.map(|row| contact_of(&row)).transpose()
}

async fn names_of(c: &mut SqliteConnection, numbers: &[PhoneNumber]) -> Result<BTreeMap<PhoneNumber, String>, Trouble> {
    let sql = "SELECT number, v, body FROM contact_numbers JOIN contacts ON contacts.id = contact \
        WHERE number IN (SELECT value FROM json_each(?1))";
    let rows = sqlx::query(sql).bind(serde_json::to_string(numbers)?).fetch_all(c).await?;
    let name = |row: &SqliteRow| {
        let unreadable = |_| Trouble::Unreadable { table: "contact_numbers", problem: "not a number".to_owned() };
        let number = row.try_get::<String, _>("number")?.parse().map_err(unreadable)?;
        let known: Known = body::of_row("contacts", row)?;
        Ok((number, known.name))
    };
    rows.iter().map(name).collect()
}

fn contact_of(row: &SqliteRow) -> Result<Contact, Trouble> {
    let unreadable = |_| Trouble::Unreadable { table: "contacts", problem: "not an id".to_owned() };
    Ok(Contact {
        id: row.try_get::<String, _>("id")?.parse().map_err(unreadable)?,
        version: u64::try_from(row.try_get::<i64, _>("version")?).unwrap_or_default(),
        known: body::of_row("contacts", row)?,
    })
}

async fn page(c: &mut SqliteConnection, query: &ContactQuery) -> Result<Page<Contact>, Trouble> {
    let limit = query.limit.clamp(1, LONGEST_PAGE);
    let digits: String = query.text.chars().filter(char::is_ascii_digit).collect();
    let writes_number = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '+' | '-' | '(' | ')' | '.' | '/');
    let by_number = digits.len() >= 3 && query.text.chars().all(writes_number);
    // A number that is written as at home begins with zeros that stand in no number of the world.
    let part = if by_number { digits.trim_start_matches('0') } else { query.text.trim() };
    let escaped = part.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let (names, numbers) = if by_number { (None, Some(escaped)) } else { (Some(escaped), None) };
    let sql = "SELECT id, version, sorted, v, body FROM contacts WHERE merged_into IS NULL \
        AND (?1 IS NULL OR searched LIKE '%' || ?1 || '%' ESCAPE '\\') \
        AND (?2 IS NULL OR id IN (SELECT contact FROM contact_numbers WHERE number LIKE '%' || ?2 || '%' ESCAPE '\\')) \
        AND (sorted, id) > (?3, ?5) ORDER BY sorted, id LIMIT ?4";
    // The place of the last one, not who it was: it may be gone by now, or be called otherwise.
    let (sorted, id) = query.after.as_deref().and_then(|after| after.split_once('.')).unwrap_or_default();
    let rows = sqlx::query(sql)
        .bind(names)
        .bind(numbers)
        .bind(sorted)
        .bind(i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX))
        .bind(id)
        .fetch_all(c)
        .await?;
    let more = rows.len() > limit;
    let items: Vec<Contact> = rows.iter().take(limit).map(contact_of).collect::<Result<_, _>>()?;
    let last = rows.get(limit - 1).filter(|_| more);
    let next = last.map(|row| {
        Ok::<_, Trouble>(format!("{}.{}", row.try_get::<&str, _>("sorted")?, row.try_get::<&str, _>("id")?))
    });
    Ok(Page { items, next: next.transpose()? })
}

struct Keep(Contact);

impl Errand for Keep {
    type Done = ();

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<(), Undone> {
        let Contact { id, version, known } = &self.0;
        let stored = one(c, *id).await?.map(|contact| contact.version);
        match (stored, version) {
            (None, 0) => {}
            (None, _) => return Err(NotKept::Gone.into()),
            (Some(stored), version) if stored.checked_add(1) != Some(*version) => return Err(NotKept::Changed.into()),
            (Some(_), _) => {}
        }
        let owners = owners(c, known.numbers.iter()).await?;
        if owners.values().any(|owner| owner != id) {
            return Err(NotKept::Taken.into());
        }
        write(c, std::slice::from_ref(&self.0)).await
    }
}

struct Remove {
    id: ContactId,
    version: u64,
}

impl Errand for Remove {
    type Done = ();

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<(), Undone> {
        seen(c, self.id, self.version).await?;
        let id = self.id.to_string();
        // Whoever was merged into it goes, too: the person has gone.
        let sql = "DELETE FROM contact_numbers WHERE contact = ?1";
        sqlx::query(sql).bind(&id).execute(&mut *c).await?;
        let sql = "DELETE FROM contacts WHERE id = ?1 OR merged_into = ?1";
        sqlx::query(sql).bind(&id).execute(c).await?;
        Ok(())
    }
}

/// The contact, where it still has the version that was seen.
async fn seen(c: &mut SqliteConnection, id: ContactId, version: u64) -> Result<Contact, Undone> {
    let contact = one(c, id).await?.ok_or(NotKept::Gone)?;
    if contact.version == version { Ok(contact) } else { Err(NotKept::Changed.into()) }
}

struct Merging(Merge);

impl Errand for Merging {
    type Done = Contact;

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<Contact, Undone> {
        let Merge { into, from, at } = &self.0;
        if into.0 == from.0 {
            return Err(NotKept::Gone.into());
        }
        let (mut stays, goes) = (seen(c, into.0, into.1).await?, seen(c, from.0, from.1).await?);
        stays.known = joined(&stays.known, &goes.known)?;
        stays.known.changed = *at;
        stays.version = stays.version.saturating_add(1);
        // Who was merged into the one that goes is part of the one that stays now.
        let sql = "UPDATE contacts SET merged_into = ?2, merged_at = ?3 WHERE id = ?1 OR merged_into = ?1";
        sqlx::query(sql)
            .bind(goes.id.to_string())
            .bind(stays.id.to_string())
            .bind(at.as_millis())
            .execute(&mut *c)
            .await?;
        write(c, std::slice::from_ref(&stays)).await?;
        Ok(stays)
    }
}

struct Parting {
    id: ContactId,
    at: Timestamp,
}

impl Errand for Parting {
    type Done = Contact;

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<Contact, Undone> {
        let sql = "SELECT id, version, v, body, merged_into FROM contacts \
            WHERE id = ?1 AND merged_into IS NOT NULL AND merged_at >= ?2";
        let since = self.at - MERGE_UNDONE_WITHIN;
        let row = sqlx::query(sql).bind(self.id.to_string()).bind(since.as_millis()).fetch_optional(&mut *c).await?;
        let row = row.ok_or(NotKept::Gone)?;
        let mut back = contact_of(&row)?;
        let into: String = row.try_get("merged_into")?;
        let into = into.parse().map_err(|_| NotKept::Gone)?;
        let mut stays = one(c, into).await?.ok_or(NotKept::Gone)?;
        back.known.numbers.retain(|number| stays.known.numbers.contains(number));
        stays.known.numbers.retain(|number| !back.known.numbers.contains(number));
        stays.known.notes.retain(|note| !back.known.notes.contains(note));
        for contact in [&mut stays, &mut back] {
            contact.known.changed = self.at;
            contact.version = contact.version.saturating_add(1);
        }
        let sql = "UPDATE contacts SET merged_into = NULL, merged_at = NULL WHERE id = ?1";
        sqlx::query(sql).bind(back.id.to_string()).execute(&mut *c).await?;
        write(c, &[stays, back.clone()]).await?;
        Ok(back)
    }
}

struct Bring {
    contacts: Vec<Contact>,
    duplicates: Duplicates,
    only_look: bool,
}

impl Errand for Bring {
    type Done = Brought;

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<Brought, Undone> {
        let numbers = self.contacts.iter().flat_map(|contact| &contact.known.numbers);
        let mut owners = owners(c, numbers).await?;
        let mut changed: BTreeMap<ContactId, Contact> = BTreeMap::new();
        let mut brought = Brought::default();
        for (position, given) in self.contacts.iter().enumerate() {
            let known: BTreeSet<ContactId> =
                given.known.numbers.iter().filter_map(|number| owners.get(number)).copied().collect();
            let mut known = known.into_iter();
            match (known.next(), known.next(), self.duplicates) {
                (None, _, _) => {
                    owners.extend(given.known.numbers.iter().map(|number| (number.clone(), given.id)));
                    changed.insert(given.id, given.clone());
                    brought.made.push(position);
                }
                (Some(_), Some(_), _) => brought.unclear.push(position),
                (Some(_), None, Duplicates::Skip) => brought.skipped.push(position),
                (Some(owner), None, Duplicates::Merge) => {
                    let mut contact = match changed.get(&owner) {
                        Some(contact) => contact.clone(),
                        None => {
                            let mut contact = one(c, owner).await?.ok_or(NotKept::Changed)?;
                            contact.version = contact.version.saturating_add(1);
                            contact
                        }
                    };
                    let Ok(known) = joined(&contact.known, &given.known) else {
                        brought.unclear.push(position);
                        continue;
                    };
                    contact.known = known;
                    contact.known.changed = given.known.changed;
                    owners.extend(given.known.numbers.iter().map(|number| (number.clone(), owner)));
                    changed.insert(owner, contact);
                    brought.merged.push(position);
                }
            }
        }
        if !self.only_look {
            let changed: Vec<Contact> = changed.into_values().collect();
            write(c, &changed).await?;
        }
        Ok(brought)
    }
}

/// Adds what is not known yet.
///
/// # Errors
/// [`NotKept::TooMuch`]
fn joined(one: &Known, other: &Known) -> Result<Known, NotKept> {
    let mut known = one.clone();
    let new = |number: &&PhoneNumber| !known.numbers.contains(number);
    let numbers: Vec<PhoneNumber> = other.numbers.iter().filter(new).cloned().collect();
    known.numbers.extend(numbers);
    for (own, other) in [(&mut known.company, &other.company), (&mut known.email, &other.email)] {
        if own.is_empty() {
            own.clone_from(other);
        }
    }
    known.language = known.language.or(other.language);
    if known.zone.is_none() {
        known.zone.clone_from(&other.zone);
    }
    for tag in &other.tags {
        if !known.tags.contains(tag) {
            known.tags.push(tag.clone());
        }
    }
    // A file that is brought twice says nothing new.
    let told = |note: &&ContactNote| !one.notes.iter().any(|own| own.text == note.text && own.by == note.by);
    known.notes.extend(other.notes.iter().filter(told).cloned());
    known.notes.sort_by_key(|note| note.at);
    let fits = known.numbers.len() <= MOST_NUMBERS && known.tags.len() <= MOST_TAGS && known.notes.len() <= MOST_NOTES;
    if fits { Ok(known) } else { Err(NotKept::TooMuch) }
}

/// Whose these numbers are.
async fn owners(
    c: &mut SqliteConnection,
    numbers: impl Iterator<Item = &PhoneNumber>,
) -> Result<BTreeMap<PhoneNumber, ContactId>, Undone> {
    let numbers: Vec<&str> = numbers.map(PhoneNumber::as_str).collect();
    let sql = "SELECT number, contact FROM contact_numbers WHERE number IN (SELECT value FROM json_each(?1))";
    let rows: Vec<(String, String)> = sqlx::query_as(sql).bind(serde_json::to_string(&numbers)?).fetch_all(c).await?;
    let unreadable = || Trouble::Unreadable { table: "contact_numbers", problem: "not a number or id".to_owned() };
    let mut owners = BTreeMap::new();
    for (number, contact) in rows {
        let number = number.parse().map_err(|_| unreadable())?;
        owners.insert(number, contact.parse().map_err(|_| unreadable())?);
    }
    Ok(owners)
}

/// Writes contacts whole, with their numbers; of each the numbers that it has no longer are free.
async fn write(c: &mut SqliteConnection, contacts: &[Contact]) -> Result<(), Undone> {
    let mut rows = Vec::new();
    let mut numbers: Vec<(&PhoneNumber, ContactId)> = Vec::new();
    for Contact { id, version, known } in contacts {
        let words = [&known.name, &known.company, &known.email].into_iter().chain(&known.tags);
        let searched = words.map(|word| word.to_lowercase()).collect::<Vec<_>>().join("\n");
        rows.push((*id, count(*version)?, sorting::key(&known.name), searched, known));
        numbers.extend(known.numbers.iter().map(|number| (number, *id)));
    }
    let sql = "INSERT INTO contacts (id, version, sorted, searched, v, body) \
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, 1, value -> 4 FROM json_each(?1) WHERE true \
        ON CONFLICT (id) DO UPDATE SET version = excluded.version, sorted = excluded.sorted, \
        searched = excluded.searched, v = excluded.v, body = excluded.body";
    sqlx::query(sql).bind(serde_json::to_string(&rows)?).execute(&mut *c).await?;
    let sql = "DELETE FROM contact_numbers WHERE contact IN (SELECT value ->> 0 FROM json_each(?1))";
    sqlx::query(sql).bind(serde_json::to_string(&rows)?).execute(&mut *c).await?;
    // One that comes from another contact goes over.
    let sql = "INSERT INTO contact_numbers (number, contact) \
        SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true \
        ON CONFLICT (number) DO UPDATE SET contact = excluded.contact";
    sqlx::query(sql).bind(serde_json::to_string(&numbers)?).execute(c).await?;
    Ok(())
}

async fn calls_with(c: &mut SqliteConnection, number: &PhoneNumber, most: usize) -> Result<Vec<Vec<Told>>, Trouble> {
    let sql =
        "SELECT call FROM facts WHERE number = ?1 AND call IS NOT NULL GROUP BY call ORDER BY max(at) DESC LIMIT ?2";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let calls: Vec<String> = sqlx::query_scalar(sql).bind(number.as_str()).bind(most).fetch_all(&mut *c).await?;
    let mut all = Vec::new();
    for call in calls {
        let sql = "SELECT revision, idx, at, v, body FROM facts WHERE call = ?1 ORDER BY revision, idx LIMIT ?2";
        let rows = sqlx::query(sql).bind(call).bind(MOST_FACTS).fetch_all(&mut *c).await?;
        all.push(rows.iter().map(told).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(all)
}
