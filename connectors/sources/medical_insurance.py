"""Medical insurance: the national medical-security platform, as HTTP JSON pages.

Envelope and field names follow interfaces 1101 (person) and 2303/5261 (settlement) as public code shows them
(domain.md C1). `subsidyinfo` (premium subsidies received, with who paid) has no public interface; its names
are ours.
"""

from connectors.base import Child, Field, FieldType, Sealed, Semantics, Source, Stream
from connectors.transports.http_envelope import HttpEnvelope

PERSONS = Stream(
    name="persons",
    title="参保人员",
    title_en="insured persons",
    key=("psn_no",),
    semantics=Semantics.REGISTER,
    complete=True,
    cadence_days=31,
    division="insuinfo.0.insuplc_admdvs",
    transport=HttpEnvelope(path="/fsi/api/queryPersonPage", infno="1101", rows="baseinfo"),
    fields=(
        Field(name="psn_no", required=True),
        Field(name="psn_cert_type", type=FieldType.CODE, codes="psn_cert_type", required=True),
        Field(name="certno", sealed=Sealed.ID_NUMBER, required=True),
        Field(name="psn_name", sealed=Sealed.NAME, required=True),
        Field(name="gend", type=FieldType.CODE, codes="gend"),
        Field(name="naty", type=FieldType.CODE),
        Field(name="brdy", type=FieldType.DAY),
        Field(name="tel", sealed=Sealed.PHONE),
    ),
    children=(
        Child(
            name="insuinfo",
            fields=(
                Field(name="insutype", type=FieldType.CODE, codes="insutype", required=True),
                Field(name="psn_type", type=FieldType.CODE),
                Field(name="psn_insu_stas", type=FieldType.CODE, codes="psn_insu_stas", required=True),
                Field(name="psn_insu_date", type=FieldType.DAY, required=True),
                Field(name="paus_insu_date", type=FieldType.DAY),
                Field(name="insuplc_admdvs", type=FieldType.DIVISION, required=True),
            ),
        ),
        Child(
            name="idetinfo",
            fields=(
                Field(name="psn_idet_type", type=FieldType.CODE, codes="psn_idet_type", required=True),
                Field(name="psn_type_lv", type=FieldType.CODE),
                Field(name="memo"),
                Field(name="begntime", type=FieldType.TIME, required=True),
                Field(name="endtime", type=FieldType.TIME),
            ),
        ),
        Child(
            name="subsidyinfo",
            fields=(
                Field(name="insu_year", type=FieldType.INTEGER, required=True),
                Field(name="payer", type=FieldType.CODE, codes="subsidy_payer", required=True),
                Field(name="subsidy_amt", type=FieldType.YUAN, required=True),
                Field(name="pay_date", type=FieldType.DAY),
            ),
        ),
    ),
)

SETTLEMENTS = Stream(
    name="settlements",
    title="医疗费用结算",
    title_en="medical settlements",
    key=("setl_id",),
    semantics=Semantics.EVENT,
    complete=False,
    cadence_days=31,
    division="insuplc_admdvs",
    transport=HttpEnvelope(path="/fsi/api/querySetlPage", infno="5261", rows="setlinfo", windowed=True),
    fields=(
        Field(name="setl_id", required=True),
        Field(name="mdtrt_id", required=True),
        Field(name="init_setl_id"),  # a refund names the settlement it takes back
        Field(name="psn_no", required=True),
        Field(name="psn_cert_type", type=FieldType.CODE, codes="psn_cert_type", required=True),
        Field(name="certno", sealed=Sealed.ID_NUMBER, required=True),
        Field(name="psn_name", sealed=Sealed.NAME),
        Field(name="insutype", type=FieldType.CODE, codes="insutype", required=True),
        Field(name="insuplc_admdvs", type=FieldType.DIVISION, required=True),
        Field(name="med_type", type=FieldType.CODE, codes="med_type", required=True),
        Field(name="fixmedins_code"),
        Field(name="hosp_lv", type=FieldType.CODE, codes="hosp_lv"),
        Field(name="begndate", type=FieldType.DAY, required=True),
        Field(name="enddate", type=FieldType.DAY, required=True),
        Field(name="setl_time", type=FieldType.TIME, required=True),
        Field(name="medfee_sumamt", type=FieldType.YUAN, required=True),
        Field(name="fulamt_ownpay_amt", type=FieldType.YUAN),
        Field(name="overlmt_selfpay", type=FieldType.YUAN),
        Field(name="preselfpay_amt", type=FieldType.YUAN),
        Field(name="inscp_scp_amt", type=FieldType.YUAN, required=True),
        Field(name="act_pay_dedc", type=FieldType.YUAN),
        Field(name="hifp_pay", type=FieldType.YUAN, required=True),
        Field(name="hifmi_pay", type=FieldType.YUAN, required=True),
        Field(name="maf_pay", type=FieldType.YUAN, required=True),
        Field(name="fund_pay_sumamt", type=FieldType.YUAN),
        Field(name="psn_part_amt", type=FieldType.YUAN),
        Field(name="acct_pay", type=FieldType.YUAN),
        Field(name="psn_cash_pay", type=FieldType.YUAN),
    ),
    children=(
        Child(
            name="setldetail",
            fields=(
                Field(name="fund_pay_type", type=FieldType.CODE, codes="fund_pay_type", required=True),
                Field(name="fund_payamt", type=FieldType.YUAN, required=True),
            ),
        ),
    ),
)

SOURCE = Source(
    name="medical_insurance",
    title="医疗保障信息平台",
    title_en="medical-security information platform",
    department="medical_insurance",
    legal_basis="医保办发〔2022〕21号",
    streams=(PERSONS, SETTLEMENTS),
)
