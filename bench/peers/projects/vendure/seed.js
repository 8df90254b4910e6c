// `node seed.js COUNT`: tables, a country, a tax, a way to ship, and so many orders of one line, by Vendure's own entities.
const core = require("@vendure/core");
const { populateInitialData } = require("@vendure/core/cli");
const { config } = require("./shop");

const shop = {
  defaultLanguage: "en",
  defaultZone: "Europe",
  countries: [{ code: "SE", name: "Sweden", zone: "Europe" }],
  taxRates: [{ name: "Standard", percentage: 25 }],
  shippingMethods: [{ name: "Standard parcel", price: 500 }],
  paymentMethods: [],
  collections: [],
};
const address = {
  fullName: "Anna Andersson",
  streetLine1: "Storgatan 45",
  postalCode: "41101",
  city: "Göteborg",
  countryCode: "SE",
  phoneNumber: "031123456",
};
const tax = [{ description: "Standard", taxRate: 25 }];

// The product stands only in orders: it is deleted afterwards.
async function variantOf(app, ctx) {
  const names = [{ languageCode: "en", name: "Fiat 7579570 cap Panda", slug: "cap", description: "" }];
  const product = await app.get(core.ProductService).create(ctx, { translations: names });
  const one = { productId: product.id, sku: "14_284", price: 450, stockOnHand: 10, translations: names };
  const [variant] = await app.get(core.ProductVariantService).create(ctx, [one]);
  return variant;
}

async function orders(app, ctx, count) {
  const variant = await variantOf(app, ctx);
  const { rawConnection } = app.get(core.TransactionalConnection);
  const [method] = await rawConnection.getRepository(core.ShippingMethod).find();
  const channels = [ctx.channel];
  const customer = await rawConnection.getRepository(core.Customer).save(
    new core.Customer({ firstName: "Anna", lastName: "Andersson", emailAddress: "anna@example.com", channels }),
  );
  for (let n = 1; n <= count; n++) {
    const order = await rawConnection.getRepository(core.Order).save(
      new core.Order({
        code: `11-${n}`,
        state: "PaymentSettled",
        active: false,
        orderPlacedAt: new Date(),
        customer,
        channels,
        couponCodes: [],
        shippingAddress: address,
        billingAddress: address,
        currencyCode: "USD",
        subTotal: 450,
        subTotalWithTax: 563,
        shipping: 500,
        shippingWithTax: 500,
      }),
    );
    const priced = { order, listPriceIncludesTax: false, adjustments: [], taxLines: tax };
    const shippingLine = await rawConnection.getRepository(core.ShippingLine).save(
      new core.ShippingLine({ ...priced, shippingMethod: method, listPrice: 500 }),
    );
    await rawConnection.getRepository(core.OrderLine).save(
      new core.OrderLine({
        ...priced,
        productVariant: variant,
        taxCategory: variant.taxCategory,
        shippingLine,
        quantity: 1,
        orderPlacedQuantity: 1,
        initialListPrice: 450,
        listPrice: 450,
      }),
    );
  }
  await app.get(core.ProductService).softDelete(ctx, variant.productId);
}

async function seed(count) {
  const app = await core.bootstrap(config({ synchronize: true }));
  await populateInitialData(app, shop);
  const ctx = await app.get(core.RequestContextService).create({ apiType: "admin" });
  await orders(app, ctx, count);
  await app.close();
}

seed(Number(process.argv[2])).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
