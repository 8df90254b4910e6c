import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const [base, key, market] = process.argv.slice(2);
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

// The quick start: listed, sold, shipped.
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    expect(Date.now() < deadline, "too late");
    await new Promise((done) => setTimeout(done, 100));
  }
}

const lamp = { params: { path: { external_id: "LAMP" } } };
const body: components["schemas"]["RheoItem"] = {
  title: "Volvo lamp",
  price: 950,
  autoPublishTradera: true,
  shippingStrategy: "seller_shipped",
};
const put = await client.PUT("/integration/v1/items/{external_id}", { ...lamp, body });
expect(put.data?.success === true, put);
const ad = await until(async () => {
  const { data } = await client.GET("/integration/v1/items/{external_id}", lamp);
  return data?.traderaStatus === "active" ? data.traderaAdId! : undefined;
});
const priced = await client.PATCH("/integration/v1/items/{external_id}/price", { ...lamp, body: { price: 895 } });
expect(priced.data?.success === true, priced);
const batch = await client.POST("/integration/v1/items/batch", {
  body: { items: [{ externalId: "CAR", title: "Volvo V70", type: "container" }, { externalId: "OOPS", title: "x", price: 0 }] },
});
expect(batch.data?.accepted === 1 && batch.data.errors[0]?.externalId === "OOPS", batch);
const bid = { method: "POST", body: JSON.stringify({ amount: 1400, bidder: "anna" }) };
expect((await fetch(`${market}/sandbox/items/${ad}/bids`, bid)).ok, ad);
expect((await fetch(`${market}/sandbox/items/${ad}/end`, { method: "POST" })).ok, ad);
const order = await until(async () => {
  const { data } = await client.GET("/integration/v1/items/{external_id}/history", lamp);
  return data?.events.find((each) => each.eventType === "item.sold")?.data["orderId"] as string | undefined;
});
const parcel = await client.POST("/integration/v1/orders/{order_id}/tracking", {
  params: { path: { order_id: order } },
  body: { carrier: "postnord", trackingNumber: "SE1" },
});
expect(parcel.data?.carrier === "postnord", parcel);

// @ts-expect-error a limit is a number
void (() => client.GET("/integration/v1/items", { params: { query: { limit: "1" } } }));
console.log("ok");
