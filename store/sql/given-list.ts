/**
 * SQL: the list that the parameter has, such as `id = any(${givenList("$1")})`.
 *
 * PostgreSQL looks into an array that it is given, and so plans its statement anew at each call
 * (`custom_plans` in `pg_prepared_statements`), which takes longer than a look-up by key does. What a
 * sub-select gives it cannot know beforehand: the statement is planned for some ten elements, once a connection.
 * The outer type makes an array of it, where `any` would take a sub-select for a list of rows.
 */
export function givenList(parameter: `$${number}`, type: "text" | "bigint" | "timestamptz" = "text"): string {
  return `(select ${parameter}::${type}[])::${type}[]`;
}
