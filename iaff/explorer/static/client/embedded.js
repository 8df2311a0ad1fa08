// What a self-contained file carries; null in the explorer itself. See iaff/explorer/standalone/page.py.
const node = document.getElementById("iaff-embedded");

/**
 * {name, title, query, trace, run} or null: the photo's name and title, the view as the address would have it, the trace
 * in base64, and the run that it is of ({name, figures, mining}, the last two may be missing) or null.
 */
export const embedded = node && JSON.parse(node.textContent);

/** The body of such a file before anything was put into it. */
export const unopened = node && document.body.innerHTML;
