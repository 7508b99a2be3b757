// Apollo Client: an ordinary query, the same by its hash (APQ), and an error. One JSON object on standard output.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";

const asked = [];
const counting = async (url, init) => {
  const answer = await fetch(url, init);
  asked.push({ query: "query" in JSON.parse(init.body ?? "{}"), status: answer.status });
  return answer;
};
const http = new HttpLink({
  uri: process.env.URL,
  fetch: counting,
  headers: { authorization: `Bearer ${process.env.TOKEN}` },
});
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const client = (link) =>
  new ApolloClient({ link, cache: new InMemoryCache(), defaultOptions: { query: { fetchPolicy: "no-cache" } } });
const query = gql`
  query Months($month: YearMonth!) {
    month(month: $month) { state }
    findings(first: 2, filter: { month: $month }) { nodes { kind } pageInfo { hasNextPage } }
  }
`;
const variables = { month: "2025-11" };
const plain = await client(http).query({ query, variables });
asked.length = 0;
const persisted = client(ApolloLink.from([new PersistedQueryLink({ sha256 }), http]));
const fresh = gql`
  query Fresh { agreement { id } }
`;
const first = await persisted.query({ query: fresh });
const second = await persisted.query({ query: fresh });
const hashes = [...asked];
let error = "";
try {
  await client(http).query({ query: gql`{ nope }` });
} catch (caught) {
  error = caught.errors?.[0]?.extensions?.code ?? String(caught);
}
console.log(JSON.stringify({ plain: plain.data, first: first.data, second: second.data, asked: hashes, error }));
