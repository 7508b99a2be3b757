// Opens GraphiQL under the caller's own token. Nothing is kept: queries and variables may hold personal data.
"use strict";

const memory = () => {
  const kept = new Map();
  return {
    get length() { return kept.size; },
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => { kept.set(key, value); },
    removeItem: (key) => { kept.delete(key); },
    clear: () => { kept.clear(); },
  };
};

const told = (message) => ({ errors: [{ message }] });
const REFUSED = "令牌无效或已过期 · the token is not valid, or has ended";

const fetcherFor = (token, purpose) => async (request) => {
  const headers = {
    "Content-Type": "application/json",
    Accept: "application/graphql-response+json, application/json",
    Authorization: `Bearer ${token}`,
  };
  if (purpose) headers["X-Purpose"] = purpose;
  const answer = await fetch("graphql", { method: "POST", headers, body: JSON.stringify(request) });
  if (answer.status === 401) return told(REFUSED);
  return answer.json().catch(() => told(`HTTP ${answer.status}`));
};

const form = document.getElementById("who");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fetcher = fetcherFor(form.elements.token.value.trim(), form.elements.purpose.value.trim());
  const place = document.getElementById("explorer");
  const seen = await fetcher({ query: "{ __typename }" }).catch(() => told("HTTP"));
  const refused = seen.errors?.some(({ message }) => message === REFUSED || message === "HTTP");
  document.getElementById("refused").textContent = refused ? seen.errors[0].message : "";
  if (refused) return;
  form.remove();
  ReactDOM.createRoot(place).render(
    React.createElement(GraphiQL, {
      fetcher,
      storage: memory(),
      shouldPersistHeaders: false,
      isHeadersEditorEnabled: false,
      defaultQuery: "query Me {\n  agreement { id title titleEn purpose validUntil grants { type field effect } }\n}\n",
    }),
  );
});
