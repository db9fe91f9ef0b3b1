//! In which order names stand: as people look for them, and not by their code points.
//!
//! The rules are those of CLDR for Chinese. They put Chinese names first, by their pinyin, and behind them those in other letters, `é`
//! beside `e`, so that one order serves readers of both.

use std::sync::LazyLock;

use data_encoding::HEXLOWER;
use icu_collator::CollatorBorrowed;
use icu_collator::options::CollatorOptions;
use icu_locale_core::locale;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::trouble::Trouble;

/// Counts the changes of what [`key`] gives: another data set of the library is one.
const RULES: i64 = 1;

/// So many names are sorted anew in one transaction.
const AT_ONCE: i64 = 500;

/// None only where the program was built without the library's data.
static COLLATOR: LazyLock<Option<CollatorBorrowed<'static>>> =
    LazyLock::new(|| CollatorBorrowed::try_new(locale!("zh").into(), CollatorOptions::default()).ok());

/// What a name is sorted by: texts that compare as the names do.
pub fn key(name: &str) -> String {
    let mut key = Vec::new();
    match &*COLLATOR {
        Some(collator) => {
            let Ok(()) = collator.write_sort_key_to(name, &mut key);
        }
        None => key.extend(name.to_lowercase().bytes()),
    }
    HEXLOWER.encode(&key)
}

/// Sorts all contacts anew where that was last done by other rules.
pub async fn renew(c: &mut SqliteConnection) -> Result<(), Trouble> {
    let known: Option<i64> = sqlx::query_scalar("SELECT rules FROM sorting").fetch_optional(&mut *c).await?;
    if known == Some(RULES) {
        return Ok(());
    }
    let mut after = String::new();
    loop {
        let mut step = c.begin().await?;
        let sql = "SELECT id, body ->> 'name' FROM contacts WHERE id > ?1 ORDER BY id LIMIT ?2";
        let names: Vec<(String, String)> = sqlx::query_as(sql).bind(&after).bind(AT_ONCE).fetch_all(&mut *step).await?;
        let Some((last, _)) = names.last() else { break };
        after.clone_from(last);
        for (id, name) in &names {
            let sql = "UPDATE contacts SET sorted = ?2 WHERE id = ?1";
            sqlx::query(sql).bind(id).bind(key(name)).execute(&mut *step).await?;
        }
        step.commit().await?;
    }
    // Whoever is cut off before this begins once more.
    let mut step = c.begin().await?;
    sqlx::query("DELETE FROM sorting").execute(&mut *step).await?;
    sqlx::query("INSERT INTO sorting VALUES (?1)").bind(RULES).execute(&mut *step).await?;
    step.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use sqlx::Executor as _;

    use super::super::migrations::STEPS;
    use super::*;

    #[test]
    fn names_stand_where_people_look_for_them() {
        let mut names =
            ["王伟", "Zoë", "李娜", "Émile", "张敏", "anna", "Emil", "Anna", "Bo", "阿卜杜勒", "刘洋", "陈静", "emma"];
        names.sort_by_key(|name| key(name));
        assert_eq!(
            names,
            ["阿卜杜勒", "陈静", "李娜", "刘洋", "王伟", "张敏", "anna", "Anna", "Bo", "Emil", "Émile", "emma", "Zoë"]
        );
    }

    #[test]
    fn what_was_sorted_before_is_sorted_by_these_rules() {
        // Where this changes, count RULES up: else old names and new ones stand in two orders.
        expect!["1: adbdb5bbad04a701030a01c6c1dc 6eab766f01060106"].assert_eq(&format!(
            "{RULES}: {} {}",
            key("Émile B"),
            key("李娜")
        ));
    }

    #[tokio::test]
    async fn contacts_of_before_are_sorted_anew_and_others_are_left_alone() {
        let mut c = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for step in STEPS {
            c.execute(*step).await.unwrap();
        }
        for n in 0..1_203 {
            let sql = "INSERT INTO contacts (id, version, sorted, searched, v, body) VALUES (?1, 1, 'old', '', 1, ?2)";
            let body = format!(r#"{{"name":"Name {n}"}}"#);
            sqlx::query(sql).bind(format!("con_{n:04}")).bind(body).execute(&mut c).await.unwrap();
        }
        renew(&mut c).await.unwrap();
        let sorted = "SELECT sorted FROM contacts ORDER BY id";
        let keys: Vec<String> = sqlx::query_scalar(sorted).fetch_all(&mut c).await.unwrap();
        assert_eq!(keys, (0..1_203).map(|n| key(&format!("Name {n}"))).collect::<Vec<_>>());
        c.execute("UPDATE contacts SET sorted = 'kept'").await.unwrap();
        renew(&mut c).await.unwrap();
        let kept: Vec<String> = sqlx::query_scalar(sorted).fetch_all(&mut c).await.unwrap();
        assert!(kept.iter().all(|key| key == "kept"));
        c.execute("UPDATE sorting SET rules = 0").await.unwrap();
        renew(&mut c).await.unwrap();
        let renewed: Vec<String> = sqlx::query_scalar(sorted).fetch_all(&mut c).await.unwrap();
        assert_eq!(renewed, keys);
    }
}
