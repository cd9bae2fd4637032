//! Writing many changed rows with few statements. What has changed in them is found out in `record`.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, ExprTrait, IntoIden, Query, TableRef, Value, ValueTuple};
use sea_orm::{ActiveModelTrait, ActiveValue, ConnectionTrait, DbErr, EntityTrait, Iterable};

use crate::load::{CHUNK, padded};

/// Writes the changed columns of rows, found by their key. Rows in which the same columns change go into one statement:
/// `UPDATE … FROM (VALUES …)`, where only that stands in VALUES which is not the same in all of them.
pub async fn update_all<A: ActiveModelTrait>(
    txn: &impl ConnectionTrait,
    key: <A::Entity as EntityTrait>::Column,
    rows: Vec<A>,
) -> Result<(), DbErr> {
    let columns: Vec<_> = <A::Entity as EntityTrait>::Column::iter().collect();
    // By the places of the changed columns: the key and the new values of each row.
    let mut alike: BTreeMap<Vec<usize>, Vec<Vec<Value>>> = BTreeMap::new();
    for row in rows {
        let mut values: Vec<Value> = row.get(key).into_value().into_iter().collect();
        let mut changed = Vec::new();
        for (place, column) in columns.iter().enumerate() {
            if let ActiveValue::Set(value) = row.get(*column) {
                changed.push(place);
                values.push(value);
            }
        }
        alike.entry(changed).or_default().push(values);
    }
    for (changed, rows) in alike {
        for some in rows.chunks(CHUNK) {
            let mut update = Query::update();
            update.table(A::Entity::default());
            let mut listed = vec![0];
            for (number, place) in (1..).zip(&changed) {
                if some.iter().all(|row| row[number] == some[0][number]) {
                    update.value(columns[*place], Expr::value(some[0][number].clone()));
                } else {
                    listed.push(number);
                    // Both databases name the columns of VALUES like this.
                    update.value(columns[*place], Expr::col(("new", format!("column{}", listed.len()))));
                }
            }
            let tuple = |row: &Vec<Value>| ValueTuple::Many(listed.iter().map(|number| row[*number].clone()).collect());
            update.from(TableRef::ValuesList(padded(some.iter().map(tuple)), "new".into_iden()));
            update.and_where(Expr::col((A::Entity::default(), key)).equals(("new", "column1")));
            txn.execute(&update).await?;
        }
    }
    Ok(())
}
