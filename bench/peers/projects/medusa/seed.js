// `medusa exec ./seed.js COUNT`: a place for stock, and so many orders of one line, by the order module's own service.
const BLOCK = 500;

const address = {
  first_name: "Anna",
  last_name: "Andersson",
  address_1: "Storgatan 45",
  postal_code: "41101",
  city: "Göteborg",
  country_code: "se",
  phone: "031123456",
};

const order = (n) => ({
  email: `buyer${n}@example.com`,
  currency_code: "sek",
  status: "completed",
  shipping_address: address,
  billing_address: address,
  items: [{ title: "Fiat 7579570 cap Panda", variant_sku: `14_${n}`, quantity: 1, unit_price: 4.5 }],
  shipping_methods: [{ name: "Standard parcel", amount: 5 }],
  transactions: [{ amount: 9.5, currency_code: "sek" }],
});

module.exports.default = async ({ container, args }) => {
  await container.resolve("stock_location").createStockLocations({ name: "Shelf" });
  const orders = container.resolve("order");
  const count = Number(args[0]);
  for (let first = 1; first <= count; first += BLOCK) {
    const size = Math.min(BLOCK, count - first + 1);
    await orders.createOrders(Array.from({ length: size }, (_, n) => order(first + n)));
  }
};
