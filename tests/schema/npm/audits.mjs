// graphql-http's audits of a server: URL and TOKEN in the environment, one JSON object on standard output.
import { serverAudits } from "graphql-http";

const fetchFn = (url, init = {}) =>
  fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${process.env.TOKEN}` } });
const results = await Promise.all(serverAudits({ url: process.env.URL, fetchFn }).map((audit) => audit.fn()));
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
