// SPDX-License-Identifier: MIT
#include <stdbool.h>

#include "bt2/fields.h"

static int copy_struct(bt_field *dst, const bt_field *src)
{
	const bt_field_class *fc = bt_field_borrow_class_const(src);
	uint64_t i, n = bt_field_class_structure_get_member_count(fc);

	for (i = 0; i < n; i++)
		if (field_copy(
			    bt_field_structure_borrow_member_field_by_index(dst, i),
			    bt_field_structure_borrow_member_field_by_index_const(
				    src, i)))
			return -1;
	return 0;
}

static int copy_array(bt_field *dst, const bt_field *src, bool dynamic)
{
	uint64_t i, n = bt_field_array_get_length(src);

	if (dynamic && bt_field_array_dynamic_set_length(dst, n) !=
			       BT_FIELD_DYNAMIC_ARRAY_SET_LENGTH_STATUS_OK)
		return -1;
	for (i = 0; i < n; i++)
		if (field_copy(
			    bt_field_array_borrow_element_field_by_index(dst, i),
			    bt_field_array_borrow_element_field_by_index_const(
				    src, i)))
			return -1;
	return 0;
}

static int copy_option(bt_field *dst, const bt_field *src)
{
	const bt_field *in = bt_field_option_borrow_field_const(src);

	bt_field_option_set_has_field(dst, in ? BT_TRUE : BT_FALSE);
	return in ? field_copy(bt_field_option_borrow_field(dst), in) : 0;
}

static int copy_variant(bt_field *dst, const bt_field *src)
{
	uint64_t i = bt_field_variant_get_selected_option_index(src);

	if (bt_field_variant_select_option_by_index(dst, i) !=
	    BT_FIELD_VARIANT_SELECT_OPTION_STATUS_OK)
		return -1;
	return field_copy(bt_field_variant_borrow_selected_option_field(dst),
			  bt_field_variant_borrow_selected_option_field_const(src));
}

int field_copy(bt_field *dst, const bt_field *src)
{
	bt_field_class_type t = bt_field_get_class_type(src);

#define IS(what) bt_field_class_type_is(t, BT_FIELD_CLASS_TYPE_##what)
	if (IS(UNSIGNED_INTEGER))
		bt_field_integer_unsigned_set_value(
			dst, bt_field_integer_unsigned_get_value(src));
	else if (IS(SIGNED_INTEGER))
		bt_field_integer_signed_set_value(
			dst, bt_field_integer_signed_get_value(src));
	else if (IS(STRING))
		return bt_field_string_set_value(
			       dst, bt_field_string_get_value(src)) ==
				       BT_FIELD_STRING_SET_VALUE_STATUS_OK ? 0 : -1;
	else if (IS(STRUCTURE))
		return copy_struct(dst, src);
	else if (IS(DYNAMIC_ARRAY))
		return copy_array(dst, src, true);
	else if (IS(ARRAY))
		return copy_array(dst, src, false);
	else if (IS(VARIANT))
		return copy_variant(dst, src);
	else if (IS(OPTION))
		return copy_option(dst, src);
	else if (IS(SINGLE_PRECISION_REAL))
		bt_field_real_single_precision_set_value(
			dst, bt_field_real_single_precision_get_value(src));
	else if (IS(DOUBLE_PRECISION_REAL))
		bt_field_real_double_precision_set_value(
			dst, bt_field_real_double_precision_get_value(src));
	else if (IS(BOOL))
		bt_field_bool_set_value(dst, bt_field_bool_get_value(src));
	else if (IS(BIT_ARRAY))
		bt_field_bit_array_set_value_as_integer(
			dst, bt_field_bit_array_get_value_as_integer(src));
	else
		return -1;
#undef IS
	return 0;
}

int event_copy(bt_event *dst, const bt_event *src)
{
	const bt_field *f;

	f = bt_event_borrow_payload_field_const(src);
	if (f && field_copy(bt_event_borrow_payload_field(dst), f))
		return -1;
	f = bt_event_borrow_specific_context_field_const(src);
	if (f && field_copy(bt_event_borrow_specific_context_field(dst), f))
		return -1;
	f = bt_event_borrow_common_context_field_const(src);
	if (f && field_copy(bt_event_borrow_common_context_field(dst), f))
		return -1;
	return 0;
}
