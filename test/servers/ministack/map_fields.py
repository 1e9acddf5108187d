"""The fields of a Distributed Map state, evaluated in the query language of that state."""

from ministack.services import stepfunctions as sfn


class MapFields:
    def __init__(self, state, raw_input, effective, context):
        self.state = state
        self.raw_input = raw_input
        self.effective = effective
        self.context = context
        self.is_jsonata = sfn._state_query_language(state, context) == "JSONata"

    def evaluated(self, template, context=None):
        context = context or self.context
        if self.is_jsonata:
            return sfn._apply_jsonata_template(template, self.raw_input, context)
        return sfn._resolve_params_obj(template, self.effective, context)

    def number(self, name):
        """A field that is a number; None where it is absent."""
        if f"{name}Path" in self.state:
            return sfn._resolve_path_or_ctx(self.state[f"{name}Path"], self.effective, self.context)
        value = self.state.get(name)
        return self.evaluated(value) if isinstance(value, str) else value

    def items(self):
        reader = self.state.get("ItemReader")
        found = self._read(reader) if reader else self._given()
        if isinstance(found, dict):
            found = [{"Key": key, "Value": value} for key, value in found.items()]
        if not isinstance(found, list):
            error = "States.ItemReaderFailed" if reader else "States.Runtime"
            raise sfn._ExecutionError(error, "The items of the map are not an array")
        return found

    def _read(self, reader):
        place = self.evaluated(reader.get("Arguments") or reader.get("Parameters") or {})
        try:
            return sfn._read_map_items({**reader, "Parameters": place, "Arguments": None}, self.effective, self.context)
        except ValueError as error:
            cause = f"Attempting to parse the dataset failed: {error}"
            raise sfn._ExecutionError("States.ItemReaderFailed", cause) from error

    def _given(self):
        if not self.is_jsonata:
            return sfn._resolve_path_or_ctx(self.state.get("ItemsPath", "$"), self.effective, self.context)
        return self.evaluated(self.state["Items"]) if "Items" in self.state else self.raw_input

    def selected(self, item):
        """The input of the child for `(index, value)`."""
        index, value = item
        selector = self.state.get("ItemSelector") or self.state.get("Parameters")
        if not selector:
            return value
        return self.evaluated(selector, {**self.context, "Map": {"Item": {"Index": index, "Value": value}}})

    @property
    def writer(self):
        """`{Bucket, Prefix, Transformation, OutputType}` of the ResultWriter, None where there is no place to write."""
        writer = self.state.get("ResultWriter") or {}
        place = writer.get("Arguments") or writer.get("Parameters")
        return {**writer.get("WriterConfig", {}), **self.evaluated(place)} if place else None

    def output(self, result):
        """What the state hands on."""
        if self.is_jsonata:
            output = sfn._apply_jsonata_output(self.state, self.raw_input, self.context, result=result, default=result)
            sfn._apply_state_assign(self.state, self.raw_input, self.context, result=result)
            return output
        result = sfn._apply_result_selector(self.state, result)
        return sfn._apply_output_path(
            self.state, sfn._apply_result_path(self.state, self.raw_input, result), self.context
        )
