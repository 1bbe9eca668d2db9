// The front end of `app.ask.link.FormLink`, a component of Gradio that shows nothing: the page's end of the form.

let mounted;
const gradio = new Promise((resolve) => { mounted = resolve; });

export const link = {
  /** What the page says: handlers of the form read it when they run. */
  said: { follows: "" },
  /** Called with what a handler of the form has to tell. */
  heard: () => {},
  /** Let an event of the component happen, with data for its handler; early ones wait until the form stands. */
  async let(event, data = null) {
    const { dispatcher, id } = await gradio;
    dispatcher(id, event, data);
  },
};

/** Called by Gradio where a component that is not its own goes into its page. */
export function mount(component, { props: { shared_props: given } }) {
  given.register_component(given.id, (news) => news.value && link.heard(news.value), () => ({ value: link.said }));
  mounted(given);
}

/** Called by Gradio in turn; this one stays as long as the page. */
export function unmount() {}
