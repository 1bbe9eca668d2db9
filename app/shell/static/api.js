// Requests to our own routes: JSON in, JSON out, and an Error whose message is a sentence for a person.

async function send(method, path, body, options = {}) {
  let answer;
  const raw = body instanceof Blob || body instanceof ArrayBuffer;
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined || raw ? {} : { "content-type": "application/json" },
      body: body === undefined || raw ? body : JSON.stringify(body),
      ...options,
    });
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw failure("Taproot does not answer. Is it still running in its terminal?", 0);
  }
  const value = await answer.json().catch((problem) => {
    if (!(problem instanceof SyntaxError)) throw problem;
    return null; // it is empty, or not ours: said below
  });
  if (!answer.ok) throw failure(value?.error ?? `Taproot answered with status ${answer.status}.`, answer.status);
  return value;
}

function failure(sentence, status) {
  return Object.assign(new Error(sentence), { status });
}

const ahead = new Map();

/** Each resolves to the parsed JSON. `options` go to fetch (signal, keepalive). Errors carry `status`, 0 offline. */
export const api = {
  get(path, options) {
    const begun = ahead.get(path);
    ahead.delete(path);
    return begun ?? send("GET", path, undefined, options);
  },
  /** Begin a request that the page is sure to make once it stands; the next `get` of this path gives its answer. */
  ahead(path) {
    const begun = send("GET", path);
    begun.catch(() => {}); // it is told to who asks
    ahead.set(path, begun);
  },
  post: (path, body = {}, options) => send("POST", path, body, options),
  put: (path, body = {}, options) => send("PUT", path, body, options),
  patch: (path, body = {}, options) => send("PATCH", path, body, options),
  del: (path, options) => send("DELETE", path, undefined, options),
};
