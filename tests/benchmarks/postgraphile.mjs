// PostGraphile 5 over the schema `api`, as its manual runs it in production: node postgraphile.mjs URL PORT MODULES
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [url, port, modules] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const load = async (name) => {
  const found = await import(pathToFileURL(require.resolve(name)).href);
  return found.default && !found.postgraphile && !found.grafserv && !found.makePgService ? found.default : found;
};
const { postgraphile } = await load("postgraphile");
const { PostGraphileAmberPreset } = await load("postgraphile/presets/amber");
const { makePgService } = await load("postgraphile/adaptors/pg");
const { grafserv } = await load("postgraphile/grafserv/node");

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: url, schemas: ["api"], poolConfig: { max: 10 } })],
  grafserv: { watch: false, graphiql: false, maxRequestLength: 1000000 },
  grafast: { explain: false },
  schema: { defaultBehavior: "+list" },
});
const server = createServer();
await instance.createServ(grafserv).addTo(server);
server.listen(Number(port), "127.0.0.1", () => console.log("ready"));
