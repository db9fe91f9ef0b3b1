//! What a role does not say: whether somebody sees whole numbers, and may take audio and numbers away.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Role;

/// Something that an administrator allows or forbids a user, whatever the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Customers' numbers are shown whole; otherwise their middle is hidden (号码脱敏).
    SeeNumbers,
    /// Recordings and messages may be had as files.
    Download,
    /// Numbers stand whole in what is exported, and in the names of files.
    ExportNumbers,
}

impl Permission {
    /// What somebody with this role may where nobody has said otherwise. Whole numbers leave the house by nobody's role.
    #[must_use]
    pub fn of_role(role: Role) -> BTreeSet<Permission> {
        match role {
            Role::Agent => BTreeSet::from([Permission::SeeNumbers]),
            Role::Supervisor | Role::Administrator => BTreeSet::from([Permission::SeeNumbers, Permission::Download]),
        }
    }
}
