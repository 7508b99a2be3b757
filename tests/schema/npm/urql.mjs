// urql: a query by POST, one by GET, and an error. One JSON object on standard output.
import { Client, cacheExchange, fetchExchange, gql } from "@urql/core";

const client = (preferGetMethod) =>
  new Client({
    url: process.env.URL,
    exchanges: [cacheExchange, fetchExchange],
    preferGetMethod,
    fetchOptions: { headers: { authorization: `Bearer ${process.env.TOKEN}` } },
  });
const query = gql`
  query Findings($month: YearMonth!) {
    findings(first: 2, filter: { month: $month }) { nodes { kind } }
  }
`;
const variables = { month: "2025-11" };
const post = await client(false).query(query, variables).toPromise();
const get = await client("force").query(query, variables).toPromise();
const wrong = await client(false).query(gql`{ nope }`, {}).toPromise();
console.log(
  JSON.stringify({
    post: post.data,
    get: get.data,
    errors: [post.error?.message, get.error?.message],
    code: wrong.error?.graphQLErrors?.[0]?.extensions?.code,
  }),
);
