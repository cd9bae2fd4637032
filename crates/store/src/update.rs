//! Writing many changed rows with few statements. What has changed in them is found out in `record`.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, ExprTrait, IntoIden, Query, TableRef, Value, ValueTuple};
use sea_orm::{ActiveModelTrait, ActiveValue, ConnectionTrait, DbErr, EntityTrait, Iterable};

use crate::load::{CHUNK, padded};

/// Writes the changed columns of rows, found by their key. Rows in which the same columns change go into one statement,
/// whatever their values: `UPDATE … FROM (VALUES …)`.
pub async fn update_all<A: ActiveModelTrait>(
    txn: &impl ConnectionTrait,
    key: <A::Entity as EntityTrait>::Column,
    rows: Vec<A>,
) -> Result<(), DbErr> {
    let columns: Vec<_> = <A::Entity as EntityTrait>::Column::iter().collect();
    let mut alike: BTreeMap<Vec<usize>, Vec<ValueTuple>> = BTreeMap::new();
    for row in rows {
        let mut values: Vec<Value> = row.get(key).into_value().into_iter().collect();
        let mut changed = Vec::new();
        for (place, column) in columns.iter().enumerate() {
            if let ActiveValue::Set(value) = row.get(*column) {
                changed.push(place);
                values.push(value);
            }
        }
        alike.entry(changed).or_default().push(ValueTuple::Many(values));
    }
    for (changed, rows) in alike {
        for some in rows.chunks(CHUNK) {
            let mut update = Query::update();
            update.table(A::Entity::default());
            // Both databases name the columns of VALUES like this.
            for (number, place) in (2..).zip(&changed) {
                update.value(columns[*place], Expr::col(("new", format!("column{number}"))));
            }
            update.from(TableRef::ValuesList(padded(some.iter().cloned()), "new".into_iden()));
            update.and_where(Expr::col((A::Entity::default(), key)).equals(("new", "column1")));
            txn.execute(&update).await?;
        }
    }
    Ok(())
}
