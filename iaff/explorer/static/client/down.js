// What is said where the server gives no answer at all.
export const DOWN = "The explorer does not answer. Start it again (python app.py), then try once more.";
