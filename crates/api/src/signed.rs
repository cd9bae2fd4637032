//! Who asks: every handler that shows or changes something takes a [`Signed`], so that nothing is done for nobody.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use uuid::Uuid;

use crate::error::ApiError;
use crate::{Access, AppState};

/// A request of somebody known: all that a handler can reach, and for whom.
#[derive(Clone)]
pub struct Signed {
    app: AppState,
    /// Who asks.
    pub user: CurrentUser,
}

/// A user who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentUser {
    /// Whose projects these are.
    pub id: Uuid,
}

impl Deref for Signed {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.app
    }
}

impl FromRequestParts<AppState> for Signed {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let Access::LocalOwner(id) = app.access;
        Ok(Self { app: app.clone(), user: CurrentUser { id } })
    }
}
