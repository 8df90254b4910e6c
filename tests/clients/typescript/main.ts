import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const [base, key] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: base, headers: { "x-api-key": key } });
const id = { params: { path: { external_id: "TS/Ö 1" } } };

function expect(is: boolean, what: unknown): void {
  if (!is) throw new Error(JSON.stringify(what));
}

const made = await client.PUT("/integration/v1/items/{external_id}", { ...id, body: { title: "Part", price: 5 } });
expect(made.data?.success === true, made);
const item: components["schemas"]["RheoAccepted"] = made.data!;

const got = await client.GET("/integration/v1/items/{external_id}", id);
expect(got.data?.externalId === "TS/Ö 1" && got.data.rheoItemId === item.itemId && got.data.price === 5, got);

const listed = await client.GET("/integration/v1/items", { params: { query: { limit: 1, status: "active" } } });
expect(listed.data !== undefined && Array.isArray(listed.data.items), listed);

const none = await client.GET("/integration/v1/items/{external_id}", { params: { path: { external_id: "NONE" } } });
const error: components["schemas"]["RheoError"] = none.error!;
expect(none.response.status === 404 && error.code === "NOT_FOUND" && error.statusCode === 404, none);

const wrong = await client.PUT("/integration/v1/items/{external_id}", { ...id, body: { title: "P", price: 0 } });
expect(wrong.error?.details?.map((each) => each.field).sort().join() === "price,title", wrong);

// @ts-expect-error a limit is a number
void (() => client.GET("/integration/v1/items", { params: { query: { limit: "1" } } }));
console.log("ok");
