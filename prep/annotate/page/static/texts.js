// What the page says in other languages, by its English words.

export const TEXTS = {
  de: {
  },
};
